using Saga.Contracts.Identifiers;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Tiers;

/// <summary>Makes and unmakes a tenant's place in the way of one isolation tier. Both may run again after a crash at any line.</summary>
internal interface ITier
{
    IsolationTier Tier { get; }

    /// <param name="credential">Stored already: the login must be made with just this.</param>
    /// <param name="connections">How many the login may hold at once.</param>
    Task MakeAsync(StepContext context, TenantSchema place, Credential credential, int connections, CancellationToken cancellationToken);

    /// <summary>Unmakes it with its rows and its roles; nothing there is fine.</summary>
    Task UnmakeAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken);
}
