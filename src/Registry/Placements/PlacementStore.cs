using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Tenants;

namespace Saga.Registry.Placements;

/// <summary>
/// The database servers and the placements on them. Used room is counted in the servers' rows. A count is changed in the same round
/// trip as the commit, so that a slow or stopped process never keeps a server's row locked. Thread-safe.
/// </summary>
public sealed class PlacementStore(NpgsqlDataSource registry, LeasedTransactions leases)
{
    /// <summary>The database with the row tier's tables on every server.</summary>
    public const string RowDatabase = "saga_rows";

    /// <summary>The schema of the product's tables for tenants without their own schema.</summary>
    public const string ProductSchema = "product";

    /// <summary>The prefix of the schema tier's shared databases, followed by a number from 1.</summary>
    public const string SchemaDatabasePrefix = "saga_schemas_";

    /// <summary>Adds or updates the servers and their replicas. It does not change whether a server accepts tenants, because operators decide that.</summary>
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
                new { server.Name, server.Region, server.Host, server.Port, server.MaxTenants, server.MaxSchemasPerDatabase }, cancellationToken: cancellationToken));
            await ReplicaRows.SetAsync(connection, server.Name, server.Replicas, cancellationToken);
        }
    }

    /// <summary>
    /// Chooses the server with the most room among the given ones that accept tenants in the region, and creates a placement there. An
    /// existing placement is kept. A server is never overfilled, even with concurrent reservations.
    /// </summary>
    /// <param name="lease">The lease of the step that reserves.</param>
    /// <param name="tenant">The tenant to place.</param>
    /// <param name="tier">The tenant's isolation tier.</param>
    /// <param name="region">The region; any when null.</param>
    /// <param name="among">The servers that may be chosen.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <exception cref="LeaseLostException">The step may not write any more.</exception>
    public async Task<PlacementResult> ReserveAsync(
        StepLease lease, TenantId tenant, IsolationTier tier, string? region, IReadOnlyCollection<string> among, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var transaction = await leases.BeginAsync(lease, cancellationToken);
            if (await FindAsync(transaction, tenant, cancellationToken) is { } placed)
                return new PlacementResult(placed, []);
            var servers = await LoadsAsync(transaction, region, among, cancellationToken);
            if (servers.Where(s => s.Used < s.Maximum).OrderBy(s => s.Promised).ThenBy(s => s.Used - s.Maximum).FirstOrDefault() is not { } best)
                return new PlacementResult(null, servers);

            var id = await IdAsync(transaction, tenant, cancellationToken);
            await transaction.CommitAsync(PlacementSql.Begin(id, tenant, tier, best.Name), cancellationToken);
            // There is no placement if another tenant took the last room in between; then choose again. Read on the same connection:
            // if all connections of the pool belonged to callers that wait for a second one, nobody would get one.
            if (await FindAsync(transaction.Connection, null, tenant, cancellationToken) is { } begun)
                return new PlacementResult(begun, servers);
        }
    }

    /// <summary>Creates the tenant's placement at a place that exists. An existing placement is kept.</summary>
    /// <returns>The placement; null when the place is in use, or its server has no room or accepts no tenants.</returns>
    /// <exception cref="LeaseLostException">The step may not write any more.</exception>
    public async Task<TenantPlacement?> ReserveAtAsync(StepLease lease, TenantId tenant, IsolationTier tier, Placement place, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(lease, cancellationToken);
        if (await FindAsync(transaction, tenant, cancellationToken) is { } placed)
            return placed;
        await transaction.CommitAsync([PlacementSql.BeginAt(Guid.CreateVersion7(), tenant, tier, place)], cancellationToken);
        return await FindAsync(transaction.Connection, null, tenant, cancellationToken);
    }

    /// <summary>The databases of the server with tenants that are served there, and those that are kept.</summary>
    public async Task<IReadOnlyList<string>> DatabasesAsync(string server, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<string>(new CommandDefinition(
            "select distinct database from placements where server = @server and state in ('current', 'kept') order by 1", new { server }, cancellationToken: cancellationToken))];
    }

    /// <summary>The placements of other tenants in a database of which something may exist.</summary>
    public async Task<IReadOnlyList<NeighbourPlacement>> NeighboursAsync(string server, string database, TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<NeighbourPlacement>(new CommandDefinition(
            """
            select p.tenant_id as TenantId, p.schema as Schema, p.tier as Tier, t.slug as Slug from placements p join tenants t on t.id = p.tenant_id
            where p.server = @server and p.database = @database and p.tenant_id <> @Value and p.state <> 'gone' order by p.epoch, p.id
            """,
            new { server, database, tenant.Value }, cancellationToken: cancellationToken))];
    }

    /// <summary>The tenant's current placement, or otherwise the one that is being built; null when it has neither.</summary>
    public async Task<TenantPlacement?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await FindAsync(connection, null, tenant, cancellationToken);
    }

    /// <summary>One placement of the tenant; null when it has none with this id.</summary>
    public async Task<TenantPlacement?> FindAsync(TenantId tenant, Guid placement, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand($"select {PlacementSql.Columns} from placements p where p.id = $1 and p.tenant_id = $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = placement });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? PlacementSql.Read(row, 0) : null;
    }

    /// <summary>
    /// Begins a placement beside the tenant's current one, on a named server. One that is being built is kept.
    /// </summary>
    /// <returns>The placement; null when the server has no room, takes no placements, or has another one of the tenant in the row tier.</returns>
    public async Task<TenantPlacement?> ReserveBesideAsync(StepLease lease, TenantId tenant, IsolationTier tier, string server, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(lease, cancellationToken);
        if (await FindBuildingAsync(transaction.Connection, transaction.Transaction, tenant, cancellationToken) is { } begun)
            return begun;
        await transaction.CommitAsync(PlacementSql.Begin(Guid.CreateVersion7(), tenant, tier, server), cancellationToken);
        return await FindBuildingAsync(transaction.Connection, null, tenant, cancellationToken);
    }

    /// <summary>
    /// The tenant's placements that it can be routed back to, or whose rows can be put back, the last one first. Rows that were in a placement which
    /// is not current any more cannot.
    /// </summary>
    public async Task<IReadOnlyList<KeptPlacement>> KeptAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            $"""
            select {PlacementSql.Columns}, p.kept_until, c.from_plan, c.from_version, c.to_plan, c.to_version, p.keeps
            from placements p left join plan_changes c on c.operation_id = p.kept_by where p.tenant_id = $1 and p.state = 'kept'
                and (p.keeps is null or exists (select from placements o where o.id = p.keeps and o.state = 'current')) order by p.epoch desc
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        var kept = new List<KeptPlacement>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            kept.Add(new(PlacementSql.Read(row, 0)!)
            {
                Until = row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10),
                Change = row.IsDBNull(11) ? null : new(row.GetString(11), row.GetInt32(12), row.GetString(13), row.GetInt32(14)),
                Keeps = row.IsDBNull(15) ? null : row.GetGuid(15),
            });
        }

        return kept;
    }

    /// <summary>Says until when a placement of the tenant is kept, and by which operation.</summary>
    /// <returns>Until when, by the registry's clock; null when that was said before.</returns>
    public static async Task<DateTimeOffset?> KeepAsync(LeasedTransaction transaction, Guid placement, Guid operation, TimeSpan keep, TimeSpan offset, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update placements set kept_until = now() + @offset + @keep, kept_by = @operation where id = @placement and state = 'kept' and kept_until is null returning kept_until",
            new { placement, operation, keep, offset }, transaction.Transaction, cancellationToken: cancellationToken)) is { } until
            ? new DateTimeOffset(until)
            : null;

    /// <summary>Remembers what a restore has put into a placement, before the tenant is routed to it, or puts in the place of the rows that it keeps.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="placement">The placement, or the one that keeps the former rows.</param>
    /// <param name="rows">The rows of each table, as JSON.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task RememberRowsAsync(LeasedTransaction transaction, Guid placement, string rows, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("update placements set restored_rows = @rows::jsonb where id = @placement", new { placement, rows }, cancellationToken);

    /// <summary>What a restore has put into the tenant's current placement, as JSON; null when no restore has.</summary>
    /// <param name="current">The current placement.</param>
    /// <param name="kept">The kept placement that the tenant goes back to. It knows by what its rows were replaced.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<string?> RestoredRowsAsync(Guid current, Guid kept, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            "select coalesce((select restored_rows from placements where id = $2 and keeps = $1), (select restored_rows from placements where id = $1))::text");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = current });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = kept });
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    /// <summary>The placement whose rows another one keeps since they were replaced; null when it keeps none.</summary>
    public async Task<Guid?> KeepsAsync(Guid placement, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand("select keeps from placements where id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = placement });
        return await command.ExecuteScalarAsync(cancellationToken) as Guid?;
    }

    /// <summary>Says whose rows a placement that is being built keeps, before they are replaced; null when they are back.</summary>
    public static Task KeepRowsAsync(LeasedTransaction transaction, Guid placement, Guid? of, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("update placements set keeps = @of, updated_at = now() where id = @placement and state = 'building'", new { placement, of }, cancellationToken);

    /// <summary>Keeps a placement that holds the replaced rows of another one. Changes nothing if it is kept already.</summary>
    public static Task KeepReplacedAsync(LeasedTransaction transaction, Guid placement, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update placements set state = 'kept', updated_at = now() where id = @placement and state = 'building' and keeps is not null", new { placement }, cancellationToken);

    /// <summary>Ends the time in which a kept placement's rows can be put back, because they are.</summary>
    /// <returns>The registry's time; null when that was said before.</returns>
    public static async Task<DateTimeOffset?> EndKeepingAsync(LeasedTransaction transaction, Guid placement, TimeSpan offset, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update placements set kept_until = null, updated_at = now() where id = @placement and state = 'kept' and kept_until is not null returning now() + @offset",
            new { placement, offset }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;

    /// <summary>Marks a kept placement as gone, and frees its room. Commit these commands with the transaction.</summary>
    public static IReadOnlyList<NpgsqlBatchCommand> ReleaseKeptCommands(Guid placement) => PlacementSql.ReleaseKept(placement);

    /// <summary>Every placement of the tenant of which something may exist: current, being built, or kept.</summary>
    public async Task<IReadOnlyList<TenantPlacement>> ListAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand($"select {PlacementSql.Columns} from placements p where p.tenant_id = $1 and p.state <> 'gone' order by p.epoch");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<TenantPlacement>();
        while (await row.ReadAsync(cancellationToken))
            found.Add(PlacementSql.Read(row, 0)!);
        return found;
    }

    /// <summary>Makes the placement that is being built current. Changes nothing if it already is.</summary>
    public static Task<int> ActivateAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update placements set state = 'current', updated_at = now() where tenant_id = @Value and state = 'building'", new { tenant.Value }, cancellationToken);

    /// <summary>Makes another login the placement's own.</summary>
    /// <returns>Whether the placement had the former login.</returns>
    public static async Task<bool> ChangeLoginAsync(
        LeasedTransaction transaction, TenantId tenant, Guid placement, string former, string login, CancellationToken cancellationToken) =>
        await transaction.ExecuteAsync(
            "update placements set login = @login, updated_at = now() where id = @placement and tenant_id = @Tenant and state = 'current' and login = @former",
            new { Tenant = tenant.Value, placement, former, login }, cancellationToken) == 1;

    /// <summary>
    /// Records the version of the product's schema in the placement; null when there are no tables any more. It may be repeated. What is recorded
    /// of shared tables only grows: they may have been upgraded since the caller looked.
    /// </summary>
    public static Task SetSchemaVersionAsync(LeasedTransaction transaction, TenantId tenant, Guid placement, int? version, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            $"""
            update placements set schema_version = case when tier = 'row' and @version is not null then greatest(schema_version, @version) else @version end, updated_at = now()
            where id = @placement and tenant_id = @Tenant and schema_version is distinct from @version;
            {TenantRows.ShowSchemaVersion}
            """,
            new { Tenant = tenant.Value, placement, version }, cancellationToken);

    /// <summary>Records the version of the product's schema in every placement at the place. What is recorded only grows. It may be repeated.</summary>
    /// <returns>How many tenants have their current placement there.</returns>
    public static async Task<int> SetPlaceVersionAsync(LeasedTransaction transaction, Placement place, int version, CancellationToken cancellationToken)
    {
        var parameters = new { place.Server, place.Database, place.Schema, version };
        // A placement that is being built is among them, so that its own step, which may have looked before, waits for this row and then keeps the newer version.
        await transaction.ExecuteAsync(
            $"""
            update placements set schema_version = @version, updated_at = now()
            where server = @Server and database = @Database and schema = @Schema and state <> 'gone' and coalesce(schema_version, 0) < @version;
            {TenantRows.ShowPlaceVersion}
            """,
            parameters, cancellationToken);
        return await transaction.Connection.ExecuteScalarAsync<int>(new CommandDefinition(
            "select count(*)::int from placements where server = @Server and database = @Database and schema = @Schema and state = 'current'",
            parameters, transaction.Transaction, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Marks the placement that is being built as gone, and frees its room. Commit these commands with the transaction. They change
    /// nothing if nothing is being built.
    /// </summary>
    public static IReadOnlyList<NpgsqlBatchCommand> ReleaseCommands(TenantId tenant) => PlacementSql.Release(tenant);

    /// <summary>
    /// Routes the tenant to another of its placements, which becomes current with a new epoch. The former one becomes kept. If several
    /// callers expect the same epoch, one succeeds.
    /// </summary>
    /// <param name="lease">The lease of the step that switches.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="expectedEpoch">The epoch of the placement that the caller believes to be current.</param>
    /// <param name="to">A placement of the tenant that is being built or kept, and not only for its rows.</param>
    /// <param name="cancellationToken">Cancels the transaction; whether it took place is then unknown.</param>
    /// <exception cref="LeaseLostException">The step may not write any more.</exception>
    public async Task<SwitchOutcome> SwitchAsync(StepLease lease, TenantId tenant, long expectedEpoch, Guid to, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(lease, cancellationToken);
        var parameters = new { Tenant = tenant.Value, expectedEpoch, to };
        // A concurrent switch waits here and then finds a different epoch.
        if (await transaction.ExecuteAsync(
            "update placements set state = 'kept', updated_at = now() where tenant_id = @Tenant and state = 'current' and epoch = @expectedEpoch",
            parameters, cancellationToken) == 0)
        {
            return SwitchOutcome.Stale;
        }

        if (await transaction.ExecuteAsync(
            """
            update placements set state = 'current', kept_until = null, kept_by = null, updated_at = now(), epoch = (select max(epoch) + 1 from placements where tenant_id = @Tenant)
            where id = @to and tenant_id = @Tenant and epoch <> @expectedEpoch and state in ('building', 'kept') and keeps is null
            """,
            parameters, cancellationToken) == 0)
        {
            return SwitchOutcome.NoTarget;
        }

        // Its place was written with the former epoch.
        await transaction.ExecuteAsync(
            """
            insert into place_modes (tenant_id, server, database, token) select tenant_id, server, database, gen_random_uuid() from placements where id = @to
            on conflict (tenant_id, server, database) do update set epoch = null, mode = null, token = excluded.token
            """,
            parameters, cancellationToken);

        await transaction.ExecuteAsync(TenantRows.ShowRouting, parameters, cancellationToken);
        await TenantRows.NotifyAsync(transaction, tenant, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return SwitchOutcome.Switched;
    }

    /// <summary>The tenants with a placement in the database that is not gone. Of a tenant's several placements there, the current one.</summary>
    public async Task<IReadOnlyList<PlacedLogin>> LoginsAsync(string server, string database, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return
        [
            .. await connection.QueryAsync<PlacedLogin>(new CommandDefinition(
                """
                select distinct on (tenant_id) tenant_id as TenantId, login as Login, epoch as Epoch from placements
                where server = @server and database = @database and state <> 'gone' order by tenant_id, state = 'current' desc, epoch desc
                """,
                new { server, database }, cancellationToken: cancellationToken)),
        ];
    }

    private static Task<TenantPlacement?> FindAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        FindAsync(transaction.Connection, transaction.Transaction, tenant, cancellationToken);

    private static async Task<TenantPlacement?> FindAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select {PlacementSql.Columns} from (select $1 as id) t {PlacementSql.Join} where p.id is not null", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? PlacementSql.Read(row, 0) : null;
    }

    private static async Task<TenantPlacement?> FindBuildingAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select {PlacementSql.Columns} from placements p where p.tenant_id = $1 and p.state = 'building'", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? PlacementSql.Read(row, 0) : null;
    }

    private static async Task<List<ServerLoad>> LoadsAsync(
        LeasedTransaction transaction, string? region, IReadOnlyCollection<string> among, CancellationToken cancellationToken) =>
        [
            .. await transaction.Connection.QueryAsync<ServerLoad>(new CommandDefinition(
                """
                select s.name, s.placed as Used, s.max_tenants as Maximum,
                    @region::text is null and (select sum(o.max_tenants - o.placed) from database_servers o where o.accepting and o.region = s.region)
                        <= (select coalesce(sum(u.waiting), 0) from unplaced_tenants() u where u.region = s.region) as Promised
                from database_servers s where s.name = any(@Names) and s.accepting and (@region::text is null or s.region = @region) order by s.name
                """,
                new { Names = among.ToArray(), region }, transaction.Transaction, cancellationToken: cancellationToken)),
        ];

    private static async Task<Guid> IdAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from placements where tenant_id = @Value)", new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken))
            ? Guid.CreateVersion7()
            : tenant.Value;
}

/// <summary>The tenant's placement; or null with the load of the candidate servers, which is empty when no server accepts tenants.</summary>
public sealed record PlacementResult(TenantPlacement? Placement, IReadOnlyList<ServerLoad> Servers);

/// <param name="Name">The server.</param>
/// <param name="Used">Tenants placed there.</param>
/// <param name="Maximum">Tenants that it may hold.</param>
/// <param name="Promised">Whether tenants that were accepted for its region need all that is left there. Others are placed elsewhere as long as possible.</param>
public sealed record ServerLoad(string Name, int Used, int Maximum, bool Promised);
