using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Registry.Admission;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;
using Saga.Registry.Sweep;
using Saga.Registry.Transitions;
using Saga.Registry.Waits;
using Saga.Tests.Support.InMemory;

namespace Saga.Tests.Support.EnginePort;

public sealed class InMemoryWorld : EngineWorld
{
    private readonly InMemoryRegistry registry = new(TimeProvider.System);

    public override ITransitionStore Transitions => registry.Transitions;

    public override ILeaseStore Leases => registry.Leases;

    public override ILeaseCheck LeaseCheck => registry.LeaseCheck;

    public override IStepInputStore StepInputs => registry.StepInputs;

    public override IUnreadableOperationStore Unreadable => registry.Unreadable;

    public override IOutboxStore Outbox => registry.Outbox;

    public override ISweepStore Sweep => registry.Sweep;

    public override IDowntimeStore Downtime => registry.Downtime;

    public override IAcceptanceStore Acceptances => registry.Acceptances;

    public override IScopeWaitStore ScopeWaits => registry.ScopeWaits;

    public override IAdmissionStore Admission => registry.Admission;

    public override IWaitStore Waits => registry.Waits;

    public override void Advance(TimeSpan by) => registry.Offset += by;

    public override Task<Guid> AcceptAsync(WorkflowDefinition workflow)
    {
        var id = Guid.CreateVersion7();
        registry.Accept(id, new TenantId(Guid.CreateVersion7()), workflow, null);
        return Task.FromResult(id);
    }

    public override Task WriteAsync(Guid id, string type, string? queue, string body)
    {
        registry.Add(id, type, queue, body, null);
        return Task.CompletedTask;
    }

    public override Task MakeUnreadableAsync(Guid operation)
    {
        registry.MakeUnreadable(operation, "This version does not know the status 'levitating' of a step.");
        return Task.CompletedTask;
    }

    public override Task MakeReadableAsync(Guid operation)
    {
        registry.MakeUnreadable(operation, null);
        return Task.CompletedTask;
    }

    public override Task<IAsyncDisposable> LockAsync(StepLease lease)
    {
        registry.LockStep(lease.OperationId, lease.Step, locked: true);
        return Task.FromResult<IAsyncDisposable>(new Unlock(registry, lease));
    }

    public override Task<IReadOnlyList<string>> HistoryAsync(Guid operation) => Task.FromResult(registry.History(operation));

    private sealed class Unlock(InMemoryRegistry registry, StepLease lease) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            registry.LockStep(lease.OperationId, lease.Step, locked: false);
            return ValueTask.CompletedTask;
        }
    }
}
