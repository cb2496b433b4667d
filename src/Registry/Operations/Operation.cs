using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Scopes;

namespace Saga.Registry.Operations;

/// <summary>One run of one command, in its current state in the registry.</summary>
public sealed record Operation
{
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>Null when it does not concern a single tenant.</summary>
    public TenantId? TenantId { get; init; }

    public Slug? TenantSlug { get; init; }

    /// <summary>The operation that started this one as one of its children.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>The operation whose command it runs again; null when it is no such replay.</summary>
    public Guid? ReplayOf { get; init; }

    /// <summary>The newest operation that runs its command again; null when there is none.</summary>
    public Guid? ReplayedBy { get; init; }

    /// <summary>Null for one that this version does not know.</summary>
    public OperationPriority? Priority { get; init; }

    /// <summary>Null for a state that this version does not know; <see cref="UnknownState"/> then contains it.</summary>
    public required OperationState? State { get; init; }

    /// <summary>The stored spelling of a state that this version does not know.</summary>
    public string? UnknownState { get; init; }

    /// <summary>The steps that it started with.</summary>
    public required WorkflowDefinition Workflow { get; init; }

    /// <summary>The states of the steps, in the workflow's order.</summary>
    public required IReadOnlyList<StepRun> Steps { get; init; }

    /// <summary>The stored spellings of statuses that this version does not know, by step. Such a step's status in <see cref="Steps"/> is meaningless.</summary>
    public IReadOnlyDictionary<string, string> UnknownStatuses { get; init; } = new Dictionary<string, string>();

    /// <summary>The failure that caused compensation or a stall.</summary>
    public Failure? Failure { get; init; }

    /// <summary>Who cancelled it; null when nobody did.</summary>
    public Cancellation? Cancellation { get; init; }

    /// <summary>What it waits for before it may start; null when it has its scopes.</summary>
    public AwaitedScope? Awaits { get; init; }

    /// <summary>Whether it has a slot of the installation, or queues for one. Null in the moment of its acceptance.</summary>
    public SlotState? Slot { get; init; }

    /// <summary>Since when it has queued, if it does.</summary>
    public DateTimeOffset? SlotSince { get; init; }

    public required string RequestedBy { get; init; }

    /// <summary>The id of its newest history line. Grows with every change, possibly with gaps.</summary>
    public required long Version { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it can certainly not be cancelled, as a sentence; null when the operation itself decides.</summary>
    public string? WhyNotCancellable() => State is not { } state ? null : CancelRules.WhyNot(Workflow, new Progress(state, Steps, Failure));
}

/// <summary>One line of an operation's history.</summary>
public sealed record HistoryLine
{
    /// <summary>Grows within an operation, possibly with gaps.</summary>
    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>One of <see cref="HistoryEvents"/>.</summary>
    public required string Event { get; init; }

    public string? Step { get; init; }

    public int? Attempt { get; init; }

    public JsonElement? Data { get; init; }
}

/// <summary>A filter for operations; null matches all.</summary>
public sealed record OperationFilter
{
    public IReadOnlyList<OperationState>? States { get; init; }

    public string? Kind { get; init; }

    public TenantId? TenantId { get; init; }

    public Slug? TenantSlug { get; init; }

    /// <summary>Parts of this operation.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>Operations in which this step is running, waiting or failed.</summary>
    public string? Step { get; init; }
}
