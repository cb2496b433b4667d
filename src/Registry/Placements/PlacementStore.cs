using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Registry.Placements;

/// <summary>Knows the database servers and who is placed on them. Thread-safe.</summary>
public sealed class PlacementStore(NpgsqlDataSource registry)
{
    /// <summary>Where the row tier's tables live on every server.</summary>
    public const string RowDatabase = "saga_rows";

    /// <summary>The schema of the product's tables, where a tenant has no schema of its own.</summary>
    public const string ProductSchema = "product";

    /// <summary>Begins the name of every shared database of the schema tier; a number from 1 follows.</summary>
    public const string SchemaDatabasePrefix = "saga_schemas_";

    /// <summary>Adds the servers or brings them up to date. Whether a server accepts tenants is the operator's and stays.</summary>
    public async Task UpsertServersAsync(IEnumerable<DatabaseServer> servers, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        foreach (var server in servers)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                insert into database_servers as s (name, region, host, port, max_tenants, max_schemas_per_database)
                values (@Name, @Region, @Host, @Port, @MaxTenants, @MaxSchemasPerDatabase)
                on conflict (name) do update
                set region = excluded.region, host = excluded.host, port = excluded.port,
                    max_tenants = excluded.max_tenants, max_schemas_per_database = excluded.max_schemas_per_database
                where (s.region, s.host, s.port, s.max_tenants, s.max_schemas_per_database)
                   is distinct from (excluded.region, excluded.host, excluded.port, excluded.max_tenants, excluded.max_schemas_per_database)
                """,
                server, cancellationToken: cancellationToken));
        }
    }

    /// <summary>
    /// Chooses the server with the most room among the given ones that accept tenants in the region, and keeps the
    /// choice with the tenant; a tenant that is placed stays where it is. Counts under a lock of the servers' rows
    /// until the transaction ends, so a server is never overfilled, whoever else chooses.
    /// </summary>
    /// <param name="region">Any when null.</param>
    public static async Task<PlacementResult> PlaceAsync(
        LeasedTransaction transaction, TenantId tenant, IsolationTier tier, string? region, IReadOnlyCollection<string> among, CancellationToken cancellationToken)
    {
        var candidates = (await QueryAsync<Candidate>(
            transaction,
            """
            select name, max_tenants as MaxTenants, max_schemas_per_database as MaxSchemas from database_servers
            where name = any(@Names) and accepting and (@region::text is null or region = @region)
            order by name for no key update
            """,
            new { Names = among.ToArray(), region }, cancellationToken)).ToList();

        // Read after the lock: a choice that was being made while this one waited is seen here.
        var placed = (await QueryAsync<PlacedRow>(
            transaction,
            """
            select placement_server as Server, placement_database as Database, placement_schema as Schema from tenants
            where id = @Value and placement_server is not null
            """,
            new { tenant.Value }, cancellationToken)).SingleOrDefault();
        if (placed is not null)
            return new PlacementResult(new Placement(placed.Server, placed.Database, placed.Schema), []);

        var used = (await QueryAsync<Count>(
            transaction,
            "select placement_server as Name, count(*) as Used from tenants where placement_server = any(@Names) group by placement_server",
            new { Names = candidates.Select(c => c.Name).ToArray() }, cancellationToken)).ToDictionary(c => c.Name, c => c.Used);
        var loads = candidates.ConvertAll(c => new ServerLoad(c.Name, used.GetValueOrDefault(c.Name), c.MaxTenants));
        if (loads.Where(l => l.Used < l.Maximum).OrderByDescending(l => l.Maximum - l.Used).ThenBy(l => l.Name, StringComparer.Ordinal).FirstOrDefault() is not { } best)
            return new PlacementResult(null, loads);

        var placement = tier switch
        {
            IsolationTier.Row => new Placement(best.Name, RowDatabase, ProductSchema),
            IsolationTier.Schema => new Placement(
                best.Name, await SchemaDatabaseAsync(transaction, best.Name, candidates.Single(c => c.Name == best.Name).MaxSchemas, cancellationToken), $"t_{tenant.Compact}"),
            IsolationTier.Database => new Placement(best.Name, $"tenant_{tenant.Compact}", ProductSchema),
            _ => throw new ArgumentOutOfRangeException(nameof(tier)),
        };
        await transaction.ExecuteAsync(
            """
            update tenants set placement_server = @Server, placement_database = @Database, placement_schema = @Schema,
                               version = version + 1, updated_at = now()
            where id = @Value
            """,
            new { placement.Server, placement.Database, placement.Schema, tenant.Value }, cancellationToken);
        return new PlacementResult(placement, loads);
    }

    // The first shared database with room, or the next number.
    private static async Task<string> SchemaDatabaseAsync(LeasedTransaction transaction, string server, int maximum, CancellationToken cancellationToken)
    {
        var used = (await QueryAsync<Count>(
            transaction,
            """
            select placement_database as Name, count(*) as Used from tenants
            where placement_server = @server and starts_with(placement_database, @SchemaDatabasePrefix) group by placement_database
            """,
            new { server, SchemaDatabasePrefix }, cancellationToken)).ToDictionary(c => c.Name, c => c.Used);
        for (var number = 1; ; number++)
        {
            var name = SchemaDatabasePrefix + number.ToString(CultureInfo.InvariantCulture);
            if (used.GetValueOrDefault(name) < maximum)
                return name;
        }
    }

    private static Task<IEnumerable<T>> QueryAsync<T>(LeasedTransaction transaction, string sql, object parameters, CancellationToken cancellationToken) =>
        transaction.Connection.QueryAsync<T>(new CommandDefinition(sql, parameters, transaction.Transaction, cancellationToken: cancellationToken));

    private sealed record Candidate(string Name, int MaxTenants, int MaxSchemas);

    private sealed record Count(string Name, long Used);

    private sealed record PlacedRow(string Server, string Database, string Schema);
}

/// <summary>Where the tenant is placed; or null, and how full the servers are that were asked: none when none accepts.</summary>
public sealed record PlacementResult(Placement? Placement, IReadOnlyList<ServerLoad> Servers);

public sealed record ServerLoad(string Name, long Used, int Maximum);
