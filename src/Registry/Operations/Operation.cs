using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Registry.Operations;

/// <summary>One run of one command, as the registry has it now.</summary>
public sealed record Operation
{
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>Null when it works on no single tenant.</summary>
    public TenantId? TenantId { get; init; }

    public Slug? TenantSlug { get; init; }

    /// <summary>The operation that began this one as one of its parts.</summary>
    public Guid? ParentId { get; init; }

    public OperationPriority Priority { get; init; }

    public required OperationState State { get; init; }

    /// <summary>The steps it started with.</summary>
    public required WorkflowDefinition Workflow { get; init; }

    /// <summary>How far they have come, in the workflow's order.</summary>
    public required IReadOnlyList<StepRun> Steps { get; init; }

    /// <summary>What turned it round or stalled it.</summary>
    public Failure? Failure { get; init; }

    public required string RequestedBy { get; init; }

    /// <summary>The newest line of its history: grows with every change, not without gaps.</summary>
    public required long Version { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>One line of an operation's history.</summary>
public sealed record HistoryLine
{
    /// <summary>Grows within an operation, not without gaps.</summary>
    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>One of <see cref="HistoryEvents"/>.</summary>
    public required string Event { get; init; }

    public string? Step { get; init; }

    public int? Attempt { get; init; }

    public JsonElement? Data { get; init; }
}

/// <summary>Which operations; null takes any.</summary>
public sealed record OperationFilter
{
    public IReadOnlyList<OperationState>? States { get; init; }

    public string? Kind { get; init; }

    public TenantId? TenantId { get; init; }

    public Slug? TenantSlug { get; init; }

    /// <summary>Parts of this operation.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>Operations in which this step is under way, waits, or failed.</summary>
    public string? Step { get; init; }
}
