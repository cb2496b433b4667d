using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>
/// One unit of work. Both directions are idempotent, and both may run again after a crash at any line:
/// execute keeps what is there, compensate accepts that nothing is there.
/// A step throws <see cref="StepFailureException"/> for what it knows; anything else is classified by
/// <see cref="Failures"/>.
/// </summary>
public interface IStep
{
    /// <summary>The name in workflows, one of <see cref="Saga.Contracts.Steps.StepNames"/>; workflows of earlier versions may have another for it.</summary>
    string Name { get; }

    /// <summary>The external systems that the step needs for a tenant: while one is unavailable, the step is held back.</summary>
    IEnumerable<string> Systems(Tenant tenant) => [];

    /// <summary>
    /// The steps whose outputs this one reads with <see cref="StepContext.Output{T}"/>, by their names in
    /// <see cref="Saga.Contracts.Steps.StepNames"/>. Workflows list them for it, so each comes before it.
    /// </summary>
    IReadOnlyList<string> Needs => [];

    /// <summary>Whether it reads the command with <see cref="StepContext.Input{T}"/>.</summary>
    bool NeedsInput => false;

    /// <summary>
    /// How long after a call without an answer its effect may still appear in the external system. After an attempt that was cut short,
    /// the compensation runs once more when this time is over, before the step counts as compensated.
    /// </summary>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <returns>What is worth showing of the result, never a secret; or null.</returns>
    Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken);

    Task CompensateAsync(StepContext context, CancellationToken cancellationToken);
}
