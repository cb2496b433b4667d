using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Transitions;

namespace Saga.Tests.Support.InMemory;

/// <summary>A row of <c>operations</c>, and its history.</summary>
internal sealed class OperationRow(TenantId? tenant, WorkflowDefinition workflow, string? traceParent)
{
    public TenantId? Tenant { get; } = tenant;

    public WorkflowDefinition Workflow { get; } = workflow;

    public string? TraceParent { get; } = traceParent;

    public required StoredOperation Stored { get; set; }

    public bool Ended => Stored.State is OperationState.Completed or OperationState.Compensated or OperationState.Cancelled;

    public OperationPriority Priority { get; init; }

    public Guid? ReplayOf { get; init; }

    /// <summary>Whether it gave a slot back, and therefore comes before those that never had one.</summary>
    public bool SlotReturns { get; set; }

    public DateTimeOffset SlotSince { get; set; }

    /// <summary>Why this version cannot read it; null when it can.</summary>
    public string? Unreadable { get; set; }

    /// <summary>How often it was postponed because it could not be read.</summary>
    public int UnreadTimes { get; set; }

    /// <summary>When it was first postponed.</summary>
    public DateTimeOffset UnreadSince { get; set; }

    /// <summary>The command as JSON; null when it was accepted without one.</summary>
    public string? Input { get; init; }

    public string RequestedBy { get; init; } = "test";

    public DateTimeOffset CreatedAt { get; init; }

    public List<string> History { get; } = [];

    /// <summary>Orders for replays, with the numbers of their history lines.</summary>
    public List<(int Line, string By, string? Key)> Orders { get; } = [];

    /// <summary>Orders for replays that it refused, with the numbers of their history lines.</summary>
    public List<(int Line, string By)> RefusedOrders { get; } = [];

    /// <summary>Whether its failure is that of a compensation.</summary>
    public bool FailedBack { get; set; }
}

/// <summary>A row of <c>operation_steps</c>: the step's state and its lease.</summary>
internal sealed class StepRow
{
    public required StepRun Step { get; set; }

    public bool Settled { get; set; }

    public Guid? Holder { get; set; }

    public long? HeldFence { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? TakenAt { get; set; }

    public DateTimeOffset? AttemptEndsAt { get; set; }

    public DateTimeOffset? LostAt { get; set; }

    public DateTimeOffset? WatchedUntil { get; set; }

    public DateTimeOffset? ReportUntil { get; set; }

    public StepProgress? Progress { get; set; }

    public DateTimeOffset? ProgressedAt { get; set; }

    public string? Checkpoint { get; set; }

    /// <summary>All downtime when the step's times were written.</summary>
    public TimeSpan Idle { get; set; }

    /// <summary>The step as a transition loads it, including the values that workers write about its newest dispatch.</summary>
    /// <param name="idle">All downtime so far.</param>
    public StepRun Load(TimeSpan idle) => Step with
    {
        Deadline = Step.Deadline + (idle - Idle), DeferredSince = Step.DeferredSince + (idle - Idle),
        TakenAt = TakenAt, LostAt = Holder is not null && HeldFence == Step.Fence ? LostAt : null, Watched = WatchedUntil is not null,
        ReportUntil = ReportUntil, ProgressedAt = ProgressedAt,
    };
}

/// <summary>A row of <c>operation_scope_waits</c>.</summary>
internal sealed record WaitRow(Guid Operation, IReadOnlyCollection<string> Scopes, bool NeedsSlot, DateTimeOffset Since)
{
    /// <summary>When it is refused, and later when its end is ordered again.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    public bool Refusing { get; set; }
}

/// <summary>A row of <c>outbox</c>.</summary>
internal sealed class OutboxRow(string type, string? queue, string body, string? traceParent)
{
    public string Type { get; } = type;

    public string? Queue { get; } = queue;

    public string Body { get; } = body;

    public string? TraceParent { get; } = traceParent;

    /// <summary>When its claim ends.</summary>
    public required DateTimeOffset ClaimedUntil { get; set; }
}
