using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Removal;

/// <summary>What a tenant has in one of its places, as the server shows it. Thread-safe.</summary>
internal sealed class PlaceInventory(DatabaseServers servers)
{
    private const string RoleCount = "select count(*) from pg_roles where rolname = any(@roles)";

    /// <summary>Counts what there is. Counting rows is given up after a while; then there is no number.</summary>
    public async Task<PlaceCounts> CountAsync(TenantSchema place, TenantId tenant, CancellationToken cancellationToken)
    {
        long roles;
        await using (var session = await servers.OpenAsync(place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            roles = await session.ScalarAsync<long>(RoleCount, cancellationToken, new { roles = Roles(place) });
            if (!await session.HasDatabaseAsync(place.Database, cancellationToken))
                return new(roles > 0, 0, 0, 0, roles);
        }

        await using (var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken))
        {
            var tables = await ProductTables.OfTenantsAsync(session, place.Schema, cancellationToken);
            var bytes = place.Placement.Tier switch
            {
                IsolationTier.Database => await session.ScalarAsync<long>("select pg_database_size(current_database())", cancellationToken),
                IsolationTier.Schema => await session.ScalarAsync<long>(
                    "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = @Schema and c.relkind in ('r', 'm')",
                    cancellationToken, new { place.Schema }),
                // Tenants share the files.
                _ => 0,
            };
            var rows = await CountRowsAsync(session, tables, tenant, cancellationToken);
            return new(roles > 0 || tables.Count > 0, tables.Count, rows, bytes, roles);
        }
    }

    /// <summary>Looks for what is left of the place.</summary>
    /// <returns>What it is, such as <c>rows</c>; null when there is nothing.</returns>
    public async Task<string?> FindAsync(TenantSchema place, TenantId tenant, CancellationToken cancellationToken)
    {
        await using (var session = await servers.OpenAsync(place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            if (await session.ScalarAsync<long>(RoleCount, cancellationToken, new { roles = Roles(place) }) > 0)
                return "roles";
            if (!await session.HasDatabaseAsync(place.Database, cancellationToken))
                return null;
        }

        if (place.Placement.Tier == IsolationTier.Database)
            return "databases";
        await using (var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken))
        {
            if (place.Placement.Tier == IsolationTier.Schema
                && await session.ScalarAsync<bool>("select exists (select from pg_namespace where nspname = @Schema)", cancellationToken, new { place.Schema }))
            {
                return "schemas";
            }

            if (await session.ScalarAsync<bool>("select to_regclass('saga.place') is not null", cancellationToken)
                && await session.ScalarAsync<bool>("select exists (select from saga.place where tenant_id = @Value)", cancellationToken, new { tenant.Value }))
            {
                return "places";
            }

            return place.Placement.Tier == IsolationTier.Row && await HasRowsAsync(session, place, tenant, cancellationToken) ? "rows" : null;
        }
    }

    // The other login is there while the credentials are rotated. The owner of the shared tables stays.
    private static string[] Roles(TenantSchema place) =>
    [
        place.Login, CredentialNames.Other(place.Login), .. ReplicaLogin.Both(place.Placement),
        .. place.Placement.Owner is { } owner ? (string[])[owner] : [],
    ];

    private static async Task<bool> HasRowsAsync(ServerSession session, TenantSchema place, TenantId tenant, CancellationToken cancellationToken)
    {
        var tables = await ProductTables.OfTenantsAsync(session, place.Schema, cancellationToken);
        return tables.Count > 0 && await ReadAsync<bool?>(
            session, $"select {string.Join(" or ", tables.Select(t => $"exists (select from {t} where tenant_id = {Sql.Text(tenant.ToString())})"))}", cancellationToken) == true;
    }

    private static async Task<long?> CountRowsAsync(ServerSession session, IReadOnlyList<string> tables, TenantId tenant, CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return 0;
        try
        {
            return await ReadAsync<long?>(
                session, $"set local statement_timeout = '20s'; select {string.Join(" + ", tables.Select(t => $"(select count(*) from {t} where tenant_id = {Sql.Text(tenant.ToString())})"))}", cancellationToken);
        }
        catch (StepFailureException error) when (error.InnerException is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable })
        {
            return null;
        }
    }

    // A superuser needs no mover, and on a server that was not prepared there is none.
    private static async Task<T?> ReadAsync<T>(ServerSession session, string sql, CancellationToken cancellationToken) =>
        await Mover.IsAvailableAsync(session, cancellationToken) ? await Mover.ScalarAsync<T>(session, sql, cancellationToken) : await session.ScalarAsync<T>(sql, cancellationToken);
}

/// <summary>What a tenant has in one of its places.</summary>
/// <param name="Existed">Whether there was anything.</param>
/// <param name="Tables">Tables with rows of tenants.</param>
/// <param name="Rows">The tenant's rows in them; null when counting took too long.</param>
/// <param name="Bytes">The size of its database or schema; 0 where tenants share tables.</param>
/// <param name="Roles">Its roles on the server.</param>
internal sealed record PlaceCounts(bool Existed, long Tables, long? Rows, long Bytes, long Roles)
{
    /// <summary>For the certificate, which says nothing of what was not counted.</summary>
    public IReadOnlyDictionary<string, long> ToCounts()
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal) { ["tables"] = Tables, ["roles"] = Roles };
        if (Rows is { } rows)
            counts["rows"] = rows;
        if (Bytes > 0)
            counts["bytes"] = Bytes;
        return counts;
    }
}
