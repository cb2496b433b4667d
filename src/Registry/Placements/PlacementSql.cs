using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;

namespace Saga.Registry.Placements;

/// <summary>The statements that change placements and count them.</summary>
internal static class PlacementSql
{
    public const string Columns = "p.id, p.epoch, p.state, p.tier, p.server, p.database, p.schema, p.login, p.owner, p.schema_version";

    /// <summary>A join for a table <c>t</c> with tenants' ids: their current placement, or otherwise the one that is being built.</summary>
    public const string Join =
        """
        left join lateral (
            select * from placements where tenant_id = t.id and state in ('current', 'building') order by state = 'current' desc limit 1) p on true
        """;

    public static TenantPlacement? Read(NpgsqlDataReader row, int first) => row.IsDBNull(first) ? null : new TenantPlacement
    {
        Id = row.GetGuid(first),
        Epoch = row.GetInt64(first + 1),
        State = Enum.Parse<PlacementState>(row.GetString(first + 2), ignoreCase: true),
        Tier = Enum.Parse<IsolationTier>(row.GetString(first + 3), ignoreCase: true),
        Place = new Placement(row.GetString(first + 4), row.GetString(first + 5), row.GetString(first + 6)),
        Login = row.GetString(first + 7),
        Owner = row.IsDBNull(first + 8) ? null : row.GetString(first + 8),
        SchemaVersion = row.IsDBNull(first + 9) ? null : row.GetInt32(first + 9),
    };

    /// <summary>
    /// Creates a placement on a server if it still has room and accepts tenants, and if no other placement of the tenant is in the same
    /// database: rows, logins and the place's mode there belong to the tenant, not to the placement.
    /// </summary>
    public static IReadOnlyList<NpgsqlBatchCommand> Begin(Guid id, TenantId tenant, IsolationTier tier, string server)
    {
        var name = id.ToString("n");
        var (database, schema) = tier switch
        {
            IsolationTier.Row => (PlacementStore.RowDatabase, PlacementStore.ProductSchema),
            // The shared database is chosen below.
            IsolationTier.Schema => ("", $"t_{name}"),
            IsolationTier.Database => ($"tenant_{name}", PlacementStore.ProductSchema),
            _ => throw new ArgumentOutOfRangeException(nameof(tier)),
        };
        var begin = Command(
            """
            with counted as (
                update database_servers set placed = placed + 1 where name = $1 and accepting and placed < max_tenants
                    and not exists (select from placements where tenant_id = $3 and server = $1 and database = $4 and state <> 'gone')
                returning name)
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            select $2, $3, 1 + coalesce((select max(epoch) from placements where tenant_id = $3), 0), name, $4, $5, $6, $7, $8, 'building' from counted
            """,
            server, id, tenant.Value, database, schema, tier.ToString().ToLowerInvariant(), $"t_{name}", tier == IsolationTier.Row ? null : $"t_{name}_owner");
        return tier == IsolationTier.Schema ? [begin, ChooseDatabase(id)] : [begin];
    }

    /// <summary>
    /// Creates a placement at a place that exists, if its server has room and accepts tenants and no other placement uses the place. Schemas of
    /// one database may be several tenants'.
    /// </summary>
    public static NpgsqlBatchCommand BeginAt(Guid id, TenantId tenant, IsolationTier tier, Placement place)
    {
        var name = id.ToString("n");
        return Command(
            """
            with counted as (
                update database_servers set placed = placed + 1 where name = $1 and accepting and placed < max_tenants
                    and not exists (
                        select from placements p where p.server = $1 and p.database = $4 and p.state <> 'gone'
                            and (p.tenant_id = $3 or not (p.tier = 'schema' and $6 = 'schema' and p.schema <> $5)))
                returning name)
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            select $2, $3, 1 + coalesce((select max(epoch) from placements where tenant_id = $3), 0), name, $4, $5, $6, $7, $8, 'building' from counted
            """,
            place.Server, id, tenant.Value, place.Database, place.Schema, tier.ToString().ToLowerInvariant(), $"t_{name}", $"t_{name}_owner");
    }

    /// <summary>Marks the tenant's placement that is being built as gone, and stops counting it.</summary>
    public static IReadOnlyList<NpgsqlBatchCommand> Release(TenantId tenant) =>
    [
        // Locks the server's row first, like the creation of a placement. Its holder may change the counts of its databases.
        Command(
            """
            update database_servers s set placed = placed - 1 from placements p
            where p.tenant_id = $1 and p.state = 'building' and s.name = p.server
            """,
            tenant.Value),
        Command(
            """
            with released as (update placements set state = 'gone', updated_at = now() where tenant_id = $1 and state = 'building' returning server, database, tier)
            update shared_databases d set schemas = schemas - 1 from released r where r.tier = 'schema' and d.server = r.server and d.database = r.database
            """,
            tenant.Value),
    ];

    /// <summary>The same for a placement that is kept.</summary>
    public static IReadOnlyList<NpgsqlBatchCommand> ReleaseKept(Guid placement) =>
    [
        Command("update database_servers s set placed = placed - 1 from placements p where p.id = $1 and p.state = 'kept' and s.name = p.server", placement),
        Command(
            """
            with released as (update placements set state = 'gone', kept_until = null, kept_by = null, updated_at = now() where id = $1 and state = 'kept' returning server, database, tier)
            update shared_databases d set schemas = schemas - 1 from released r where r.tier = 'schema' and d.server = r.server and d.database = r.database
            """,
            placement),
    ];

    /// <summary>Marks every placement of the tenant as gone, and stops counting it.</summary>
    public static IReadOnlyList<NpgsqlBatchCommand> ReleaseAll(TenantId tenant) =>
    [
        // Locks the servers' rows first, in the order of their names, like the creation of a placement.
        Command(
            """
            with gone as (select server, count(*)::int as number from placements where tenant_id = $1 and state <> 'gone' group by server),
            locked as (select s.name, g.number from database_servers s join gone g on g.server = s.name order by s.name for no key update of s)
            update database_servers s set placed = placed - l.number from locked l where s.name = l.name
            """,
            tenant.Value),
        Command(
            """
            with released as (update placements set state = 'gone', kept_until = null, kept_by = null, updated_at = now() where tenant_id = $1 and state <> 'gone' returning server, database, tier),
            shared as (select server, database, count(*)::int as number from released where tier = 'schema' group by server, database)
            update shared_databases d set schemas = schemas - s.number from shared s where d.server = s.server and d.database = s.database
            """,
            tenant.Value),
    ];

    // The first shared database with room and without another placement of the tenant, or the next number. The server's row is already
    // locked, which protects these counts.
    private static NpgsqlBatchCommand ChooseDatabase(Guid id) => Command(
        $"""
        with begun as (
            select p.id, p.tenant_id, p.server, s.max_schemas_per_database as maximum from placements p join database_servers s on s.name = p.server where p.id = $1 and p.database = ''),
        chosen as (
            select b.id, b.server, coalesce(
                (select min(number) from shared_databases d where d.server = b.server and d.schemas < b.maximum
                    and not exists (select from placements o where o.tenant_id = b.tenant_id and o.server = d.server and o.database = d.database and o.state <> 'gone')),
                (select coalesce(max(number), 0) + 1 from shared_databases d where d.server = b.server)) as number
            from begun b),
        counted as (
            insert into shared_databases as d (server, number, database, schemas)
            select server, number, '{PlacementStore.SchemaDatabasePrefix}' || number, 1 from chosen
            on conflict (server, number) do update set schemas = d.schemas + 1
            returning database)
        update placements p set database = c.database from counted c where p.id = $1
        """,
        id);

    private static NpgsqlBatchCommand Command(string sql, params object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value is null ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text } : new NpgsqlParameter { Value = value });
        return command;
    }
}
