using Saga.Contracts.Identifiers;
using System.Text.Json;

namespace Saga.Contracts.Steps;

/// <summary>The operation may start. Sent once, in the transaction that accepted it.</summary>
public sealed record OperationSubmitted
{
    public required Guid OperationId { get; init; }
}

/// <summary>A deadline or a delayed attempt of the operation is due.</summary>
public sealed record OperationDue
{
    public required Guid OperationId { get; init; }
}

/// <summary>The bus may have lost messages of the operation. Dispatches that no worker has taken are sent again.</summary>
public sealed record OperationForgotten
{
    public required Guid OperationId { get; init; }
}

/// <summary>A request to a worker. A worker that does not hold the lease with this fencing token does nothing.</summary>
public abstract record StepCommand
{
    public required Guid OperationId { get; init; }

    /// <summary>Null when the operation does not concern a single tenant.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The step's name in the workflow.</summary>
    public required string Step { get; init; }

    /// <summary>The fencing token. Grows with each dispatch of the step or its compensation; only the newest may change anything.</summary>
    public required long Fence { get; init; }

    /// <summary>Starts at 1 and counts the attempts in this direction.</summary>
    public required int Attempt { get; init; }

    /// <summary>
    /// Later deliveries are refused: the worker does and reports nothing, and the orchestrator sends the dispatch again. Compared with
    /// the registry's clock.
    /// </summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>
    /// How long the attempt may take from the moment its lease is taken. Null in messages of older versions, whose attempts end at
    /// <see cref="Deadline"/>.
    /// </summary>
    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>
    /// The attempt lasts longer as long as it reports progress, and ends this long after the last one. Null for an attempt with a fixed
    /// end.
    /// </summary>
    public TimeSpan? StallAfter { get; init; }
}

/// <summary>Execute the step. Idempotent: existing resources are kept.</summary>
public sealed record ExecuteStep : StepCommand;

/// <summary>Undo the step. Idempotent: missing resources are fine.</summary>
public sealed record CompensateStep : StepCommand;

/// <summary>A worker's report about the dispatch with this fencing token, forward or back.</summary>
public abstract record StepReport
{
    public required Guid OperationId { get; init; }

    public required string Step { get; init; }

    public required long Fence { get; init; }

    /// <summary>
    /// The attempt may still take effect after this report, because it was cancelled or one of its calls has no answer. Meaningful only
    /// for forward attempts.
    /// </summary>
    public bool OutcomeUnknown { get; init; }
}

public sealed record StepSucceeded : StepReport
{
    /// <summary>
    /// For a compensation: how long the effects of a forward attempt with an unknown outcome may still appear. Null if they cannot.
    /// </summary>
    public TimeSpan? LingersFor { get; init; }

    /// <summary>The parts of the result that are worth showing. Never a secret.</summary>
    public JsonElement? Output { get; init; }
}

public sealed record StepFailed : StepReport
{
    public required Failure Failure { get; init; }
}

/// <summary>The step was not executed because an external system is unavailable or overloaded. Costs no attempt.</summary>
public sealed record StepDeferred : StepReport
{
    /// <summary>The external system that the step waits for, such as <c>keycloak</c>; or <c>lease</c>.</summary>
    public required string System { get; init; }

    public required string Reason { get; init; }

    /// <summary>The shortest time until the next try. Repeated deferrals wait longer.</summary>
    public required TimeSpan RetryAfter { get; init; }

    /// <summary>The external system's error, if it was called at all.</summary>
    public Failure? Failure { get; init; }

    /// <summary>
    /// Whether the delivery that it is about took no lease. Then it means nothing if another delivery of the same dispatch did.
    /// </summary>
    public bool WithoutLease { get; init; }
}
