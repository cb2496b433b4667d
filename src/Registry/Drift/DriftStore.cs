using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Engine.Drift;
using Saga.Registry.Paging;

namespace Saga.Registry.Drift;

/// <summary>Which findings to list. All conditions must hold.</summary>
public sealed record DriftFilter
{
    /// <summary>One of <see cref="DriftResources"/>.</summary>
    public string? Resource { get; init; }

    public IReadOnlyList<DriftKind>? Kinds { get; init; }

    public TenantId? Tenant { get; init; }

    public string? Server { get; init; }

    /// <summary>Whether it must have ended, or must not.</summary>
    public bool Ended { get; init; }
}

/// <summary>Reads findings, and what scans compare. Thread-safe.</summary>
public sealed class DriftStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>The kind of the operations that scan.</summary>
    public const string ScanKind = "scanDrift";

    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-firstSeenAt";

    private const string Select =
        "select id, resource, kind, server, name, tenant_id, made_at, differences, first_seen_at, last_seen_at, ended_at, first_scan, last_scan, owner, repaired_by from drift_findings";

    /// <param name="filter">The conditions.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<Page<StoredFinding>> ListAsync(DriftFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, Select);
        query.Where($"ended_at is {(filter.Ended ? "not " : "")}null");
        if (filter.Resource is { } resource)
            query.Where($"resource = {query.Add(resource)}");
        if (filter.Kinds is { } kinds)
            query.Where($"kind = any({query.Add(kinds.Select(Name).ToArray())})");
        if (filter.Tenant is { } tenant)
            query.Where($"tenant_id = {query.Add(tenant.Value)}");
        if (filter.Server is { } server)
            query.Where($"server = {query.Add(server)}");
        query.OrderBy("first_seen_at", "id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.FirstSeenAt), last.Id), cancellationToken);
    }

    /// <summary>These findings, as far as they are known, also those that have ended.</summary>
    public async Task<IReadOnlyDictionary<Guid, StoredFinding>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<Guid, StoredFinding>();
        await using var ask = registry.CreateCommand($"{Select} where id = any($1)");
        ask.Parameters.Add(DriftSnapshot.Ids(ids));
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var finding = Read(row);
            found[finding.Id] = finding;
        }

        return found;
    }

    /// <summary>What removals are judged by.</summary>
    /// <param name="madeAt">When the things were made that shall be removed, as far as that is known.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<RemovalFacts> RemovalFactsAsync(IReadOnlyCollection<DateTimeOffset?> madeAt, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand(
            """
            select (select count(*) from drift_findings where ended_at is null and kind = 'orphan'), (select coalesce(sum(compared), 0)::bigint from drift_totals),
                (select restored_at from installation)
            """);
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new(row.GetInt64(0), row.GetInt64(1), Time(row, 2), madeAt);
    }

    /// <summary>The registry's time.</summary>
    public Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => clock.NowAsync(registry, cancellationToken);

    /// <summary>What the schedule is computed from: the registry's time, when it was created, and when the schedule last posted a scan.</summary>
    public async Task<DriftTimes> TimesAsync(CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand(
            $"""
            select clock_timestamp() + $1, (select min(applied_at) from registry_migrations),
                (select max(created_at) from operations where kind = '{ScanKind}' and requested_by = 'system' and input ->> 'all' = 'true')
            """);
        ask.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new(row.GetFieldValue<DateTimeOffset>(0), row.GetFieldValue<DateTimeOffset>(1), row.IsDBNull(2) ? null : row.GetFieldValue<DateTimeOffset>(2));
    }

    /// <summary>The registry as it is in one moment.</summary>
    public Task<DriftSnapshot> SnapshotAsync(CancellationToken cancellationToken) => DriftSnapshot.OpenAsync(registry, clock, cancellationToken);

    /// <summary>The database servers on which tenants have places.</summary>
    public async Task<IReadOnlyList<string>> ServersAsync(CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand("select distinct server from placements where state <> 'gone'");
        return await ReadNamesAsync(ask, cancellationToken);
    }

    /// <summary>The databases in which tenants have places on a server.</summary>
    public async Task<IReadOnlyList<string>> OwnDatabasesAsync(string server, IReadOnlyCollection<Guid>? tenants, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand(
            "select distinct database from placements where server = $1 and state in ('current', 'kept') and ($2::uuid[] is null or tenant_id = any($2)) order by 1");
        ask.Parameters.Add(new NpgsqlParameter<string> { TypedValue = server });
        ask.Parameters.Add(DriftSnapshot.Ids(tenants));
        return await ReadNamesAsync(ask, cancellationToken);
    }

    private static async Task<IReadOnlyList<string>> ReadNamesAsync(NpgsqlCommand ask, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add(row.GetString(0));
        return found;
    }

    internal static string Name(DriftKind kind) => kind.ToString().ToLowerInvariant();

    private static StoredFinding Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Finding = new(
            new(row.GetString(1), row.IsDBNull(3) ? null : row.GetString(3), row.GetString(4)), Enum.Parse<DriftKind>(row.GetString(2), ignoreCase: true),
            row.IsDBNull(5) ? null : row.GetGuid(5), Time(row, 6), JsonSerializer.Deserialize<IReadOnlyList<DriftDifference>>(row.GetString(7), Json.Options)!)
        { Owner = row.IsDBNull(13) ? null : row.GetGuid(13) },
        FirstSeenAt = row.GetFieldValue<DateTimeOffset>(8),
        LastSeenAt = row.GetFieldValue<DateTimeOffset>(9),
        EndedAt = Time(row, 10),
        FirstScan = row.GetGuid(11),
        LastScan = row.GetGuid(12),
        RepairedBy = row.IsDBNull(14) ? null : row.GetGuid(14),
    };

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}

/// <param name="Now">The registry's time.</param>
/// <param name="InstalledAt">When the registry was created.</param>
/// <param name="ScheduledAt">When the schedule last posted a scan; null when it never did.</param>
public sealed record DriftTimes(DateTimeOffset Now, DateTimeOffset InstalledAt, DateTimeOffset? ScheduledAt);
