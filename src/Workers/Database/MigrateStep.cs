using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database;

/// <summary>Brings the tenant's tables to the newest version, registers the tenant in them, and records both in the registry.</summary>
internal sealed class MigrateStep(FencedSessions fenced, ProductMigrator migrator, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.Migrate;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant));
        IReadOnlyList<AppliedMigration> applied;
        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            applied = await migrator.MigrateAsync(session, place.Schema, place.Owner, place.User, cancellationToken);
            await ProductMigrator.RegisterAsync(session, place.Schema, context.TenantId.Value, cancellationToken);
        }

        var version = applied[^1].Version;
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await transaction.ExecuteAsync(
            """
            insert into tenant_migrations (tenant_id, version, name, checksum)
            select @Tenant, * from unnest(@Versions, @Names, @Checksums) on conflict do nothing;
            update tenants set schema_version = @version, version = version + 1, updated_at = now()
            where id = @Tenant and schema_version is distinct from @version;
            """,
            new
            {
                Tenant = context.TenantId.Value,
                Versions = applied.Select(m => m.Version).ToArray(),
                Names = applied.Select(m => m.Name).ToArray(),
                Checksums = applied.Select(m => m.Checksum).ToArray(),
                version,
            },
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new { Version = version };
    }

    /// <summary>The tables go with the database, the schema or the tenant's rows, which are compensated next; the record goes here.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await transaction.ExecuteAsync(
            """
            delete from tenant_migrations where tenant_id = @Value;
            update tenants set schema_version = null, version = version + 1, updated_at = now() where id = @Value and schema_version is not null;
            """,
            new { context.TenantId.Value }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
