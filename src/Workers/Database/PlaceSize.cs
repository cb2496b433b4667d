using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database;

/// <summary>
/// Measures what a tenant's rows take. A database and a schema count with their indexes and with the room of deleted rows that is not yet
/// given back. In shared tables only the rows themselves can be told apart, so they count as they are stored, without indexes. Thread-safe.
/// </summary>
internal sealed class PlaceSize(DatabaseServers servers)
{
    // What PostgreSQL adds to each row.
    private const int RowHeaderBytes = 28;

    /// <returns>Bytes; null when this user may not read the rows.</returns>
    public async Task<long?> MeasureAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        var placement = DatabaseStep.PlacementOf(tenant);
        await using var session = await servers.OpenAsync(placement.Place.Server, placement.Place.Database, cancellationToken);
        return placement.Tier switch
        {
            IsolationTier.Database => await session.ScalarAsync<long>("select pg_database_size(current_database())", cancellationToken),
            IsolationTier.Schema => await session.ScalarAsync<long>(
                "select coalesce(sum(pg_total_relation_size(t.oid)), 0)::bigint from pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = @Schema and t.relkind in ('r', 'm')",
                cancellationToken, new { placement.Place.Schema }),
            _ => await RowsAsync(session, placement.Place.Schema, tenant.Id, cancellationToken),
        };
    }

    private static async Task<long?> RowsAsync(ServerSession session, string schema, TenantId tenant, CancellationToken cancellationToken)
    {
        // Column by column, because the size of a whole row would read what is stored apart from it.
        var tables = await session.QueryAsync<string>(
            $"""
            select format('(select coalesce(sum({RowHeaderBytes} + %s), 0) from %I.%I where tenant_id = %L)',
                string_agg(format('coalesce(pg_column_size(%I), 0)', a.attname), ' + ' order by a.attnum), n.nspname, t.relname, @tenant)
            from pg_class t join pg_namespace n on n.oid = t.relnamespace join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
            where n.nspname = @schema and not t.relispartition and {ProductTables.HasTenants}
            group by n.nspname, t.relname
            """,
            cancellationToken, new { schema, tenant = tenant.ToString() });
        return tables.Count == 0 ? 0 : await Mover.ScalarAsync<long?>(session, $"select ({string.Join(" + ", tables)})::bigint", cancellationToken, isLong: true);
    }
}
