namespace Saga.Steps;

/// <summary>What a step works on in one attempt.</summary>
public interface ISagaStepContext
{
    Guid OperationId { get; }

    /// <summary>The kind of operation, such as <c>provision</c>.</summary>
    string Operation { get; }

    /// <summary>The step's name.</summary>
    string Step { get; }

    /// <summary>The attempt's number, starting at 1.</summary>
    int Attempt { get; }

    /// <summary>An idempotency key: the same for every attempt in this direction, and different for every operation, step and direction.</summary>
    string Key { get; }

    /// <summary>The tenant as it was in the registry when the attempt began; null when the operation does not concern a single tenant.</summary>
    SagaTenant? Tenant { get; }

    /// <summary>The command as accepted. The list of custom steps must say <c>needsInput</c> for the step.</summary>
    T Input<T>()
        where T : class;

    /// <summary>
    /// The output of an earlier step that the list of custom steps names in the step's <c>needs</c>, or what this step itself has returned, for a
    /// compensation. Null when there is none: an operator may have skipped the step.
    /// </summary>
    T? Output<T>(string step)
        where T : class;

    /// <summary>Says how far the step has come. Cheap, and may be called often. A report that says the same as the one before is no progress.</summary>
    /// <param name="done">How much is done.</param>
    /// <param name="total">How much there is; null while it is not known.</param>
    /// <param name="unit">What is counted, such as <c>rows</c>.</param>
    /// <param name="words">What the step is doing. Shown to callers, so never a secret.</param>
    /// <param name="checkpoint">Where the next attempt in this direction may begin, at most 64 KiB as JSON; null to keep the one before.</param>
    void Report(long done, long? total = null, string? unit = null, string? words = null, object? checkpoint = null);

    /// <summary>Where an earlier attempt in this direction stopped; null when there is no checkpoint.</summary>
    T? Checkpoint<T>()
        where T : class;

    /// <summary>
    /// Call it before each call that changes something in an external system. A late attempt, whose place another one or the compensation may have taken,
    /// must not change anything.
    /// </summary>
    /// <exception cref="Exception">The attempt must not change anything any more. Let it pass.</exception>
    Task RequireLeaseAsync(CancellationToken cancellationToken);
}
