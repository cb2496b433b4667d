using Saga.Contracts.Identifiers;
using System.Text.Json;

namespace Saga.Contracts.Steps;

/// <summary>The operation may begin: sent once, in the transaction that accepted it.</summary>
public sealed record OperationSubmitted
{
    public required Guid OperationId { get; init; }
}

/// <summary>Something of the operation is due: a deadline, or a delayed attempt.</summary>
public sealed record OperationDue
{
    public required Guid OperationId { get; init; }
}

/// <summary>What was in flight for the operation may be lost, because the bus forgot it: send again what no worker has taken.</summary>
public sealed record OperationForgotten
{
    public required Guid OperationId { get; init; }
}

/// <summary>What a worker is asked to do. A worker that does not hold the lease with this fence does nothing.</summary>
public abstract record StepCommand
{
    public required Guid OperationId { get; init; }

    /// <summary>Null when the operation works on no single tenant.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The step's name in the workflow.</summary>
    public required string Step { get; init; }

    /// <summary>Grows with each dispatch of the step, forward or back; only the newest may touch anything.</summary>
    public required long Fence { get; init; }

    /// <summary>From 1; counts the tries in this direction.</summary>
    public required int Attempt { get; init; }

    /// <summary>
    /// A delivery that comes later is refused: nothing is done and nothing reported, and the orchestrator sends the dispatch again. It
    /// is compared with the registry's clock.
    /// </summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>
    /// How long the attempt may take from the moment its lease is taken. Null in messages of older versions, whose attempts end at
    /// <see cref="Deadline"/>.
    /// </summary>
    public TimeSpan? AttemptTimeout { get; init; }
}

/// <summary>Run the step. Idempotent: what is there already is kept.</summary>
public sealed record ExecuteStep : StepCommand;

/// <summary>Undo the step. Idempotent: what is not there is fine.</summary>
public sealed record CompensateStep : StepCommand;

/// <summary>What a worker reports of the dispatch with this fence, forward or back.</summary>
public abstract record StepReport
{
    public required Guid OperationId { get; init; }

    public required string Step { get; init; }

    public required long Fence { get; init; }

    /// <summary>
    /// The attempt may still take effect after this report: it was cut short, or a call that it made has no answer. Says something of
    /// forward attempts only.
    /// </summary>
    public bool OutcomeUnknown { get; init; }
}

public sealed record StepSucceeded : StepReport
{
    /// <summary>
    /// Of a compensation: how long after a forward attempt of unknown outcome its effects may still appear. Null: they cannot.
    /// </summary>
    public TimeSpan? LingersFor { get; init; }

    /// <summary>What is worth showing of the result. Never a secret.</summary>
    public JsonElement? Output { get; init; }
}

public sealed record StepFailed : StepReport
{
    public required Failure Failure { get; init; }
}

/// <summary>The step was not done, for a reason that is not its own: an external system is away or has too much to do. Costs no attempt.</summary>
public sealed record StepDeferred : StepReport
{
    /// <summary>The external system that the step waits for, such as <c>keycloak</c>; or <c>lease</c>.</summary>
    public required string System { get; init; }

    public required string Reason { get; init; }

    /// <summary>The shortest time until the next try. Repeated deferrals wait longer.</summary>
    public required TimeSpan RetryAfter { get; init; }

    /// <summary>What the external system said, when it was asked at all.</summary>
    public Failure? Failure { get; init; }
}
