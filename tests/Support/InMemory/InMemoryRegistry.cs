using Saga.Contracts.Identifiers;
using Saga.Engine.Admission;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Admission;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;
using Saga.Registry.Sweep;
using Saga.Registry.Tenants;
using Saga.Registry.Transitions;
using Saga.Registry.Waits;
using Saga.Tests.Support.EnginePort;

namespace Saga.Tests.Support.InMemory;

/// <summary>
/// An in-memory implementation of the engine's port with the same guarantees as the PostgreSQL one, tested by the same contract suite.
/// A statement there is one section under a lock here; rows that a transaction locks there are locked by its batch here.
/// </summary>
public sealed class InMemoryRegistry(TimeProvider time) : IEnginePort
{
    private TaskCompletionSource unlocked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ITransitionStore Transitions => new InMemoryTransitions(this);

    public ILeaseStore Leases => new InMemoryLeases(this);

    public ILeaseCheck LeaseCheck => new InMemoryLeases(this);

    public IStepInputStore StepInputs => new InMemoryStepInputs(this);

    public IUnreadableOperationStore Unreadable => new InMemoryUnreadable(this);

    public IOutboxStore Outbox => new InMemoryOutbox(this);

    public ISweepStore Sweep => new InMemorySweep(this);

    public IDowntimeStore Downtime => new InMemoryDowntime(this);

    public IAcceptanceStore Acceptances => new InMemoryAcceptance(this);

    public IScopeWaitStore ScopeWaits => new InMemoryScopeWaits(this);

    public IAdmissionStore Admission => new InMemoryAdmission(this);

    public IWaitStore Waits => new InMemoryWaits(this);

    public IBatchRuns BatchRuns => new InMemoryBatches(this);

    public IOperatorPort Operators => new InMemoryOperators(this);

    /// <summary>Makes the ids of the messages that the stores themselves write, so that a simulation can repeat them.</summary>
    public Func<Guid> NewId { get; init; } = Guid.CreateVersion7;

    /// <summary>Added to the clock.</summary>
    public TimeSpan Offset { get; set; }

    internal DateTimeOffset Now => Stored(time.GetUtcNow() + Offset);

    internal Lock Gate { get; } = new();

    /// <summary>The engine's last beat; null before the first.</summary>
    internal DateTimeOffset? Beat { get; set; }

    /// <summary>The recorded downtime.</summary>
    internal TimeSpan Idle { get; set; }

    internal Dictionary<Guid, OperationRow> Operations { get; } = [];

    internal SortedDictionary<Guid, BatchRow> Batches { get; } = [];

    internal Dictionary<(Guid Operation, string Step), StepRow> Steps { get; } = [];

    internal HashSet<(Guid Operation, Guid Message)> Inbox { get; } = [];

    internal SortedDictionary<Guid, OutboxRow> Messages { get; } = [];

    internal Dictionary<TenantId, Tenant> Tenants { get; } = [];

    /// <summary>The operations that hold scopes.</summary>
    internal Dictionary<string, Guid> Scopes { get; } = new(StringComparer.Ordinal);

    /// <summary>The operations that wait for scopes, the longest waiting first.</summary>
    internal List<WaitRow> ScopeQueue { get; } = [];

    internal Dictionary<(string Caller, string Key), KnownCommand> Keys { get; } = [];

    /// <summary>Null before the first overload.</summary>
    internal SlotLimit? SlotLimit { get; set; }

    /// <summary>Operations that an open batch has locked.</summary>
    internal HashSet<Guid> Locked { get; } = [];

    /// <summary>Steps whose row a leased transaction has locked.</summary>
    internal HashSet<(Guid Operation, string Step)> LockedSteps { get; } = [];

    /// <summary>Completes when operations are next unlocked.</summary>
    internal Task Unlocked => unlocked.Task;

    /// <summary>Called when messages may have arrived. A field instead of an event, because an event would need unused arguments.</summary>
    internal Action? Notified { get; set; }

    /// <summary>Accepts an operation, as the intake does, without a message.</summary>
    public void Accept(Guid id, TenantId? tenant, WorkflowDefinition workflow, string? traceParent)
    {
        lock (Gate)
        {
            Operations.Add(id, new OperationRow(tenant, workflow, traceParent)
            {
                Stored = new StoredOperation(OperationState.Accepted, null, Now + TimeSpan.FromSeconds(30)),
                CreatedAt = Now,
            });
        }
    }

    /// <summary>Gives the operation a value that this version does not know, or, with null, one that it knows.</summary>
    public void MakeUnreadable(Guid operation, string? reason)
    {
        lock (Gate)
            Operations[operation].Unreadable = reason;
    }

    /// <summary>Locks a step's row like an open leased transaction, or unlocks it.</summary>
    public void LockStep(Guid operation, string step, bool locked)
    {
        lock (Gate)
            _ = locked ? LockedSteps.Add((operation, step)) : LockedSteps.Remove((operation, step));
    }

    /// <summary>Puts a message into the outbox like a writer that does not send it itself, and notifies.</summary>
    public void Add(Guid id, string type, string? queue, string body, string? traceParent)
    {
        lock (Gate)
            Messages.Add(id, new OutboxRow(type, queue, body, traceParent) { ClaimedUntil = DateTimeOffset.MinValue });
        Notified?.Invoke();
    }

    /// <summary>The operation's history, as <c>event:step</c>.</summary>
    public IReadOnlyList<string> History(Guid operation)
    {
        lock (Gate)
            return [.. Operations[operation].History];
    }

    // Rounded to PostgreSQL's precision.
    internal static DateTimeOffset Stored(DateTimeOffset at) => at.AddTicks(-(at.UtcTicks % TimeSpan.TicksPerMicrosecond));

    internal static DateTimeOffset? Stored(DateTimeOffset? at) => at is { } time ? Stored(time) : null;

    /// <summary>Waits until none of the operations is locked, and locks those that exist.</summary>
    internal async Task LockAsync(IReadOnlyCollection<Guid> operations, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (Gate)
            {
                if (!operations.Any(Locked.Contains))
                {
                    Locked.UnionWith(operations);
                    return;
                }

                wait = unlocked.Task;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    internal void Unlock(IReadOnlyCollection<Guid> operations)
    {
        TaskCompletionSource free;
        lock (Gate)
        {
            Locked.ExceptWith(operations);
            free = unlocked;
            unlocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        free.SetResult();
    }
}
