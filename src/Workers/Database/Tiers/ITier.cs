using Saga.Contracts.Identifiers;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Tiers;

/// <summary>Creates and removes a tenant's place in one isolation tier. Both may run again after a crash at any line.</summary>
internal interface ITier
{
    IsolationTier Tier { get; }

    /// <param name="credential">The already stored credential, which the login must get.</param>
    /// <param name="connections">The login's connection limit.</param>
    /// <param name="version">The version of the product's tables, if the place begins with tables; the newest when null.</param>
    Task CreateAsync(StepContext context, TenantSchema place, Credential credential, int connections, int? version, CancellationToken cancellationToken);

    /// <summary>Removes the place with its rows and roles. Does nothing if it does not exist.</summary>
    Task DropAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken);
}
