using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>
/// One proof that a tenant really works, made the way a service of the product would use it. The verify step runs
/// all that are registered (<c>AddSingleton&lt;IVerification, …&gt;()</c>) and fails when one does. Safe to run
/// again, and leaves nothing behind.
/// </summary>
public interface IVerification
{
    /// <summary>What is proven, such as <c>database</c>; shown to operators.</summary>
    string Name { get; }

    /// <summary>The external system that it asks; null when it asks the registry only.</summary>
    string? System(Tenant tenant) => null;

    /// <inheritdoc cref="IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <exception cref="StepFailureException">Names what failed, and says whether another attempt may help.</exception>
    Task VerifyAsync(StepContext context, CancellationToken cancellationToken);
}
