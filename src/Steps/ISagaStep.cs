namespace Saga.Steps;

/// <summary>
/// A team's own step. Where it runs in which workflow is in the registry's list of custom steps; the class only does the work. One object
/// serves all operations, so it must be thread-safe.
/// </summary>
/// <remarks>
/// Both directions may run again after a crash at any line, and a step may be cut short at any await. So execute keeps what exists, and
/// compensate accepts that there is nothing. <see cref="ISagaStepContext.Key"/> is the same each time, for systems that recognise a repeated call.
/// </remarks>
public interface ISagaStep
{
    /// <summary>The name in the list of custom steps, such as <c>acme.account.open</c>. A name that was used keeps its meaning.</summary>
    string Name { get; }

    /// <summary>
    /// The external systems that the step needs, such as <c>crm</c>. While one is unavailable, its steps are deferred, which costs no attempt.
    /// </summary>
    IReadOnlyList<string> Systems => [];

    /// <summary>
    /// How long the effect of a call that got no answer may still appear. After such a call, a compensation runs once more when this time is over.
    /// </summary>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <returns>
    /// What is worth showing and what later steps need, as an object that can be written as JSON; or null. It is stored and shown by the API, so it must never
    /// contain a secret.
    /// </returns>
    /// <exception cref="SagaStepException">A failure that the step understands. Every other exception is another attempt.</exception>
    Task<object?> ExecuteAsync(ISagaStepContext context, CancellationToken cancellationToken);

    /// <summary>Undoes the step. It also runs when execute may have taken effect without a result. Never called for a step after the pivot.</summary>
    /// <exception cref="SagaStepException">See <see cref="ExecuteAsync"/>.</exception>
    Task CompensateAsync(ISagaStepContext context, CancellationToken cancellationToken);
}
