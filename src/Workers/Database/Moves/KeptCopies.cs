using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Removal;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Rotation;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Moves;

/// <summary>Removes kept placements with their rows and logins. Thread-safe.</summary>
internal sealed class KeptCopies(IEnumerable<ITier> tiers, RowRemoval rows, PlaceLogins logins, PlacementReplica replica, PlacementStore placements, LeasedTransactions leases)
{
    /// <returns>What was removed; null when it was gone before.</returns>
    /// <exception cref="StepFailureException">The placement is not a kept one: <c>copy-in-use</c>.</exception>
    public async Task<TenantPlacement?> DropAsync(StepContext context, Guid placement, CancellationToken cancellationToken)
    {
        var copy = await placements.FindAsync(context.TenantId, placement, cancellationToken);
        if (copy is null or { State: PlacementState.Gone })
            return null;
        // Its rows are removed by tenant, so nothing else of the tenant may be in its database.
        if (copy.State != PlacementState.Kept || (context.Tenant.Placed is { } placed && (placed.Place.Server, placed.Place.Database) == (copy.Place.Server, copy.Place.Database)))
        {
            throw StepFailureException.Permanent(
                "copy-in-use", $"Placement {placement} of tenant '{context.Tenant.Slug}' is {copy.State.ToString().ToLowerInvariant()}, or the tenant's current rows are in the same database. It is not removed.");
        }

        var (on, place) = (context.On(copy), TenantSchema.Of(copy));
        await logins.DropOtherAsync(on, place, cancellationToken);
        await replica.RemoveAsync(on, cancellationToken);
        if (copy.Tier == IsolationTier.Row)
            await rows.RemoveAsync(on, place, removed => on.Report(removed, unit: "rows", words: "removing the former copy"), cancellationToken);
        await tiers.Single(t => t.Tier == copy.Tier).DropAsync(on, place, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantMigrationRows.DeleteAsync(transaction, copy.Id, cancellationToken);
        await CredentialStore.DeleteAsync(transaction, CredentialKey.Of(context.TenantId, copy.Id, CredentialPurposes.Database), cancellationToken);
        await transaction.CommitAsync(PlacementStore.ReleaseKeptCommands(copy.Id), cancellationToken);
        return copy;
    }
}
