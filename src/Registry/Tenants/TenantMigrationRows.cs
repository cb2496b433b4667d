using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Tenants;

/// <summary>The rows of <c>tenant_migrations</c>: the product's migrations that were applied to the tables of each placement.</summary>
public static class TenantMigrationRows
{
    /// <summary>Adds missing rows.</summary>
    public static Task AddAsync(
        LeasedTransaction transaction, TenantId tenant, Guid placement, IReadOnlyCollection<TenantMigration> migrations, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            insert into tenant_migrations (tenant_id, placement_id, version, name, checksum)
            select @Tenant, @placement, * from unnest(@Versions, @Names, @Checksums) on conflict do nothing
            """,
            new
            {
                Tenant = tenant.Value,
                placement,
                Versions = migrations.Select(m => m.Version).ToArray(),
                Names = migrations.Select(m => m.Name).ToArray(),
                Checksums = migrations.Select(m => m.Checksum).ToArray(),
            },
            cancellationToken);

    /// <summary>The same for every placement at a place.</summary>
    public static Task AddOfPlaceAsync(LeasedTransaction transaction, Placement place, IReadOnlyCollection<TenantMigration> migrations, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            insert into tenant_migrations (tenant_id, placement_id, version, name, checksum)
            select p.tenant_id, p.id, v.version, v.name, v.checksum
            from placements p cross join unnest(@Versions, @Names, @Checksums) as v (version, name, checksum)
            where p.server = @Server and p.database = @Database and p.schema = @Schema and p.state <> 'gone' on conflict do nothing
            """,
            new
            {
                place.Server,
                place.Database,
                place.Schema,
                Versions = migrations.Select(m => m.Version).ToArray(),
                Names = migrations.Select(m => m.Name).ToArray(),
                Checksums = migrations.Select(m => m.Checksum).ToArray(),
            },
            cancellationToken);

    /// <summary>Deletes all rows of the placement, if any.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, Guid placement, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from tenant_migrations where placement_id = @placement", new { placement }, cancellationToken);
}

/// <summary>A migration of the product that was applied to a placement's tables.</summary>
public sealed record TenantMigration(int Version, string Name, string Checksum);
