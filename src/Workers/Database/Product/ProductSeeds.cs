using Saga.Contracts.Identifiers;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Product;

/// <summary>
/// Writes a new tenant's first rows, once in a database. The tenant's policies apply, because they bind the tables' owner too. That a seed needs
/// no more than the tenant's rights is checked before. Thread-safe.
/// </summary>
internal sealed class ProductSeeds(ProductFiles product)
{
    /// <param name="session">A session in the database of the place.</param>
    /// <param name="place">The migrated place.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="plan">Its plan; without a seed for it, nothing happens.</param>
    public async Task WriteAsync(ServerSession session, TenantSchema place, TenantId tenant, string plan, CancellationToken cancellationToken)
    {
        if (!product.Seeds.TryGetValue(plan, out var seed))
            return;
        await session.InTransactionAsync(
            async () =>
            {
                if (await session.ScalarAsync<bool>(
                    "insert into saga.seeds (tenant_id, file, checksum) values (@Value, @Path, @Checksum) on conflict do nothing returning true",
                    cancellationToken, new { tenant.Value, seed.Path, Checksum = ProductMigration.Hash(seed.Sql) }))
                {
                    await session.ExecuteAsync(
                        $"""
                        set local role {Sql.Name(place.Owner)};
                        set local search_path = {Sql.Name(place.Schema)};
                        set local app.tenant_id = {Sql.Text(tenant.ToString())};
                        """,
                        cancellationToken);
                    await ProductTables.ExecuteAsync(session, seed.Path, seed.Sql, cancellationToken);
                }
            },
            cancellationToken);
    }
}
