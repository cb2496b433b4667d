using Saga.Contracts.Identifiers;

namespace Saga.Bench.Provisioning;

/// <summary>Provisions one tenant, from the command to active.</summary>
internal interface IProvisioner : IAsyncDisposable
{
    string Name { get; }

    /// <returns>Milliseconds until the tenant was active.</returns>
    Task<double> ProvisionAsync(string slug, IsolationTier tier);
}
