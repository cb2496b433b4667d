using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>
/// One unit of work. Both directions are idempotent and may run again after a crash at any line: execute keeps what exists,
/// and compensate accepts that nothing exists. A step throws <see cref="StepFailureException"/> for errors that it knows.
/// <see cref="Failures"/> classifies all others.
/// </summary>
public interface IStep
{
    /// <summary>The name in workflows, one of <see cref="Saga.Contracts.Steps.StepNames"/>. Workflows of earlier versions may use another name.</summary>
    string Name { get; }

    /// <summary>The external systems that the step needs for a tenant. While one is unavailable, the step is deferred.</summary>
    IEnumerable<string> Systems(Tenant tenant) => [];

    /// <summary>The same when the operation may not concern a single tenant.</summary>
    IEnumerable<string> SystemsOf(StepContext context) => context.HasTenant ? Systems(context.Tenant) : [];

    /// <summary>
    /// The steps whose outputs this one reads with <see cref="StepContext.Output{T}"/>, by their names in
    /// <see cref="Saga.Contracts.Steps.StepNames"/>. Workflows list them too, which ensures that each runs before this one.
    /// </summary>
    IReadOnlyList<string> Needs => [];

    /// <summary>Whether the step reads the command with <see cref="StepContext.Input{T}"/>.</summary>
    bool NeedsInput => false;

    /// <summary>
    /// How long the effect of a call that got no answer may still appear in the external system. After an attempt with an unknown
    /// outcome, the compensation runs once more when this time is over, before the step counts as compensated.
    /// </summary>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>The worker all of whose steps this one runs, whatever their names; null for a step that runs under its own name only.</summary>
    string? RunsAllOf => null;

    /// <summary>Prepares a step whose operation's workflow says what it does. A step that does the same in every workflow returns itself.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="step">The step's name in the workflow.</param>
    /// <param name="cancellationToken">Cancels the preparation.</param>
    ValueTask<IStep> PrepareAsync(Guid operation, string step, CancellationToken cancellationToken) => ValueTask.FromResult<IStep>(this);

    /// <returns>The parts of the result that are worth showing, never a secret; or null.</returns>
    Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken);

    Task CompensateAsync(StepContext context, CancellationToken cancellationToken);
}
