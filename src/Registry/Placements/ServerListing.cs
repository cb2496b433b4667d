using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Paging;

namespace Saga.Registry.Placements;

/// <summary>Lists the database servers with what is used of them, page by page. Thread-safe.</summary>
public sealed class ServerListing(NpgsqlDataSource registry, RegistryClock clock)
{
    public const string Sort = "name";

    /// <summary>A report of a worker is believed for so long.</summary>
    public static readonly TimeSpan Believed = TimeSpan.FromMinutes(5);

    // Servers have no id. Their names are unique, so nothing is left to tell apart.
    private const string NoId = "'00000000-0000-0000-0000-000000000000'::uuid";

    private const string Select =
        """
        select s.name, s.region, s.accepting, s.max_tenants, s.max_schemas_per_database, s.placed,
            (select jsonb_object_agg(tier, number)::text from (
                select p.tier, count(*) as number from placements p where p.server = s.name and p.state <> 'gone' group by p.tier) c),
            (select count(*) from placements p where p.server = s.name and p.state = 'kept'),
            h.checked_at, h.failure, h.version, h.checked_at > clock_timestamp() + $1 - $2,
            array(select r.name from server_replicas r where r.server = s.name order by r.name)
        from database_servers s left join database_server_health h on h.server = s.name
        """;

    /// <param name="region">Only servers of this region; all when null.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the beginning.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<Page<ServerFacts>> ListAsync(string? region, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, Select);
        query.Add(clock.Offset);
        query.Add(Believed);
        if (region is not null)
            query.Where($"s.region = {query.Add(region)}");
        query.OrderBy("s.name", NoId, descending: false, after, text => text);
        return await query.ReadAsync(limit, Read, last => new(Sort, last.Name, Guid.Empty), cancellationToken);
    }

    private static ServerFacts Read(NpgsqlDataReader row) => new()
    {
        Name = row.GetString(0),
        Region = row.GetString(1),
        Accepting = row.GetBoolean(2),
        MaxTenants = row.GetInt32(3),
        MaxSchemasPerDatabase = row.GetInt32(4),
        Placed = row.GetInt32(5),
        ByTier = row.IsDBNull(6) ? [] : System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, int>>(row.GetString(6))!
            .ToDictionary(t => Enum.Parse<IsolationTier>(t.Key, ignoreCase: true), t => t.Value),
        Kept = (int)row.GetInt64(7),
        CheckedAt = row.IsDBNull(8) ? null : row.GetFieldValue<DateTimeOffset>(8),
        Failure = row.IsDBNull(9) ? null : row.GetString(9),
        Version = row.IsDBNull(10) ? null : row.GetString(10),
        IsFresh = !row.IsDBNull(11) && row.GetBoolean(11),
        Replicas = row.GetFieldValue<string[]>(12),
    };
}

/// <summary>A database server, and what is used of it.</summary>
public sealed record ServerFacts
{
    public required string Name { get; init; }

    public required string Region { get; init; }

    /// <summary>Whether it takes further placements.</summary>
    public required bool Accepting { get; init; }

    public required int MaxTenants { get; init; }

    public required int MaxSchemasPerDatabase { get; init; }

    /// <summary>Placements that count against <see cref="MaxTenants"/>.</summary>
    public required int Placed { get; init; }

    public required IReadOnlyDictionary<IsolationTier, int> ByTier { get; init; }

    /// <summary>Placements among them that are only kept, after a move.</summary>
    public required int Kept { get; init; }

    /// <summary>When a worker last looked at it; null when none has.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Why that worker could not use it.</summary>
    public string? Failure { get; init; }

    /// <summary>PostgreSQL's version, as far as it is known.</summary>
    public string? Version { get; init; }

    /// <summary>Whether the report is recent enough to be believed.</summary>
    public required bool IsFresh { get; init; }

    /// <summary>Its read replicas, by name.</summary>
    public IReadOnlyList<string> Replicas { get; init; } = [];
}
