using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Batches;
using Saga.Registry.Paging;

namespace Saga.Registry.Placements;

/// <summary>Which version of the product's tables the places of active tenants have. Thread-safe.</summary>
public sealed class PlaceVersionStore(NpgsqlDataSource registry)
{
    /// <summary>The order of lists: by server, database and schema.</summary>
    public const string Sort = "place";

    /// <summary>
    /// Every place. Of shared tables, tenants that came at different times may have different versions recorded, and the highest one is true.
    /// </summary>
    private const string Places = $"{Placed} {Grouped}";

    private const string Placed =
        """
        select p.tier, p.server, p.database, p.schema, count(*)::int as tenants, max(p.schema_version) as version, (array_agg(t.id))[1] as tenant_id, (array_agg(t.slug))[1] as slug,
            bool_and(t.auto_update) as auto_update, (array_agg(t.maintenance_window))[1]::text as maintenance_window, (array_agg(t.timezone))[1] as timezone
        from placements p join tenants t on t.id = p.tenant_id
        where p.state = 'current' and t.status = 'active'
        """;

    private const string Grouped = "group by p.tier, p.server, p.database, p.schema";

    public async Task<IReadOnlyList<VersionCount>> CountAsync(CancellationToken cancellationToken)
    {
        await using var count = registry.CreateCommand($"select v.tier, v.version, count(*)::int, sum(v.tenants)::int from ({Places}) v group by v.tier, v.version order by v.tier, v.version");
        var counts = new List<VersionCount>();
        await using var row = await count.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            counts.Add(new(TierOf(row, 0), row.IsDBNull(1) ? null : row.GetInt32(1), row.GetInt32(2), row.GetInt32(3)));
        return counts;
    }

    /// <summary>The places with an older version.</summary>
    /// <param name="version">The version that they lack.</param>
    /// <param name="tiers">Null for all.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the first page.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page<PlaceVersion>> BehindAsync(int version, IReadOnlyList<IsolationTier>? tiers, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(
            registry,
            $"""
            select v.*, u.batch_id, u.state, u.not_before, u.operation_id from ({Places}) v
            left join lateral (
                select i.batch_id, i.state, i.not_before, i.operation_id from batch_items i join batches b on b.id = i.batch_id
                where i.server = v.server and i.database = v.database and i.schema = v.schema and b.operation_id is not null and i.rehearsal is null
                order by b.created_at desc limit 1) u on true
            """);
        query.Where($"coalesce(v.version, 0) < {query.Add(version)}");
        if (tiers is not null)
            query.Where($"v.tier = any({query.Add(tiers.Select(BatchStore.Name).ToArray())})");
        // A place has one key, so the id only fills the cursor.
        query.OrderBy("v.server || '/' || v.database || '/' || v.schema", "'00000000-0000-0000-0000-000000000000'::uuid", descending: false, after, key => key);
        return await query.ReadAsync(
            limit,
            row => Read(row) with
            {
                LastUpgrade = row.IsDBNull(11) ? null : new(
                    row.GetGuid(11), Enum.Parse<BatchItemState>(row.GetString(12), ignoreCase: true), row.IsDBNull(13) ? null : row.GetFieldValue<DateTimeOffset>(13), row.IsDBNull(14) ? null : row.GetGuid(14)),
            },
            last => new(Sort, $"{last.Place.Server}/{last.Place.Database}/{last.Place.Schema}", Guid.Empty), cancellationToken);
    }

    /// <summary>The places of active tenants that match, whatever their version.</summary>
    public async Task<IReadOnlyList<PlaceVersion>> OfAsync(TenantSelector? selector, IReadOnlyList<string>? tenants, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand();
        var where = BatchStore.Selected(find, selector, tenants, selector?.Status);
        find.CommandText =
            $"""
            {Placed} and (p.server, p.database, p.schema) in (
                select q.server, q.database, q.schema from placements q join tenants t on t.id = q.tenant_id {where} and q.state = 'current' and t.status = 'active')
            {Grouped} order by p.server, p.database, p.schema
            """;
        var places = new List<PlaceVersion>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            places.Add(Read(row));
        return places;
    }

    private static PlaceVersion Read(NpgsqlDataReader row)
    {
        var tier = TierOf(row, 0);
        var isShared = tier == IsolationTier.Row;
        return new()
        {
            Tier = tier,
            Place = new(row.GetString(1), row.GetString(2), row.GetString(3)),
            Tenants = row.GetInt32(4),
            Version = row.IsDBNull(5) ? null : row.GetInt32(5),
            Tenant = isShared ? null : new TenantId(row.GetGuid(6)),
            Slug = isShared ? null : row.GetString(7),
            AutoUpdate = isShared || row.GetBoolean(8),
            Window = isShared || row.IsDBNull(9) ? null : JsonSerializer.Deserialize<MaintenanceWindow>(row.GetString(9), Json.Options),
            Timezone = isShared ? null : row.GetString(10),
        };
    }

    private static IsolationTier TierOf(NpgsqlDataReader row, int column) => Enum.Parse<IsolationTier>(row.GetString(column), ignoreCase: true);
}
