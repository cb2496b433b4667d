using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Verification;

/// <summary>
/// One check that a tenant works, made the way a product service would use it. The verify step runs all registered verifications
/// (<c>AddSingleton&lt;IVerification, …&gt;()</c>) and fails if one fails. A verification can be repeated and leaves nothing behind.
/// </summary>
public interface IVerification
{
    /// <summary>What is verified, such as <c>database</c>; shown to operators.</summary>
    string Name { get; }

    /// <summary>The external system that it calls; null when it uses only the registry.</summary>
    string? System(Tenant tenant) => null;

    /// <inheritdoc cref="IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <exception cref="StepFailureException">Names what failed, and says whether another attempt may help.</exception>
    Task VerifyAsync(StepContext context, CancellationToken cancellationToken);
}
