using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>
/// The pivot of an adoption: brings the product's tables to the newest version, in one transaction, and records the versions. There are no first
/// rows to write. What a migration did cannot be put back.
/// </summary>
internal sealed class MigrateAdoptedStep(FencedSessions fenced, ProductMigrator migrator, ProductRelease release, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.MigrateAdopted;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant));
        await release.EnsureAsync(place.Server, cancellationToken);
        IReadOnlyList<AppliedMigration> applied;
        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            applied = await migrator.MigrateAsync(session, place.Schema, place.Owner, place.User, cancellationToken, hasRows: true);
            await ProductTables.RegisterAsync(session, place.Schema, context.TenantId.Value, cancellationToken);
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var found = await AdoptionRows.FindAsync(transaction, place.Placement.Id, cancellationToken)
            ?? throw StepFailureException.Permanent("output-missing", "What the adoption found is not recorded.", $"Retry the operation from step '{StepNames.TakePlace}'.");
        await TenantMigrationRows.AddAsync(
            transaction, context.TenantId, place.Placement.Id, [.. applied.Select(m => new TenantMigration(m.Version, m.Name, m.Checksum))], cancellationToken);
        await PlacementStore.SetSchemaVersionAsync(transaction, context.TenantId, place.Placement.Id, applied[^1].Version, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new AdoptedOutput { Found = found.FoundVersion, Version = applied[^1].Version };
    }

    /// <summary>Deletes the record. The compensation that gives the place back refuses if migrations took effect.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { } placement)
            return;
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantMigrationRows.DeleteAsync(transaction, placement.Id, cancellationToken);
        if (await AdoptionRows.FindAsync(transaction, placement.Id, cancellationToken) is { } found)
            await PlacementStore.SetSchemaVersionAsync(transaction, context.TenantId, placement.Id, found.FoundVersion, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
