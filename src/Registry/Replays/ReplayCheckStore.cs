using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Replays;

namespace Saga.Registry.Replays;

/// <summary>Replays that have ended and are to be looked at, and what was seen of them. Thread-safe.</summary>
public sealed class ReplayCheckStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>The most differences that are shown of one replay.</summary>
    public const int MostDifferences = 20;

    // Differences of what the operation is about, seen since the scan began.
    private const string Differences =
        "from drift_findings f where f.tenant_id = o.tenant_id and f.ended_at is null and f.last_seen_at >= s.created_at and f.resource = any(c.resources)";

    /// <summary>
    /// Ended operations that nobody has looked at, the oldest order first. None whose tenant another operation is changing, and none at all while a
    /// scan that looks at others has not ended.
    /// </summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<IReadOnlyList<DueReplayCheck>> DueAsync(int limit, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            """
            select c.operation_id, c.requested_at, o.tenant_id, c.looks from replay_checks c join operations o on o.id = c.operation_id
            where c.scan is null and c.outcome is null and cardinality(c.resources) > 0 and o.finished_at is not null and o.tenant_id is not null
                and not exists (select from operation_scopes s where s.scope = 'tenant:' || o.tenant_id)
                and not exists (
                    select from operations s where s.kind = 'scanDrift' and s.requested_by = 'system' and s.finished_at is null and s.state <> 'stalled' and s.input ->> 'includeRecent' = 'true')
            order by c.requested_at limit $1
            """);
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var due = new List<DueReplayCheck>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            due.Add(new(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), new TenantId(row.GetGuid(2)), row.GetInt32(3)));
        return due;
    }

    /// <summary>Writes down which scan looks at them. An operation that was ordered again meanwhile is looked at by another one.</summary>
    public async Task BeginAsync(IReadOnlyCollection<DueReplayCheck> due, Guid scan, CancellationToken cancellationToken)
    {
        await using var write = registry.CreateCommand(
            """
            update replay_checks c set scan = $3, looks = c.looks + 1 from unnest($1, $2, $4) d(operation_id, requested_at, looks)
            where c.operation_id = d.operation_id and c.requested_at = d.requested_at and c.looks = d.looks and c.scan is null and c.outcome is null
            """);
        write.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. due.Select(d => d.OperationId)] });
        write.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. due.Select(d => d.RequestedAt)] });
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = scan });
        write.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. due.Select(d => d.Looks)] });
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What scans that have ended saw of the replays that they looked at.</summary>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<IReadOnlyList<SeenReplay>> SeenAsync(int limit, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            select c.operation_id, c.scan, s.state, (select count(*) {Differences}),
                (select count(*) from operation_steps p, jsonb_array_elements(p.output -> 'unread') where p.operation_id = s.id),
                exists (
                    select from operations b where b.tenant_id = o.tenant_id and b.id <> o.id and b.created_at < coalesce(s.finished_at, 'infinity') and coalesce(b.finished_at, 'infinity') > begun.at),
                begun.at is not null, c.looks
            from replay_checks c join operations o on o.id = c.operation_id join operations s on s.id = c.scan
                cross join lateral (select min(p.started_at) as at from operation_steps p where p.operation_id = s.id) begun
            where c.scan is not null and c.outcome is null and (s.finished_at is not null or s.state = 'stalled') limit $1
            """);
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var seen = new List<SeenReplay>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            seen.Add(new(row.GetGuid(0), row.GetGuid(1), new(StateOf(row.GetString(2)), row.GetInt64(3), row.GetInt64(4), row.GetBoolean(5), row.GetBoolean(6), row.GetInt32(7))));
        return seen;
    }

    /// <summary>Writes down what a scan says of a replay. Without effect if it was ordered again meanwhile.</summary>
    public async Task JudgeAsync(SeenReplay seen, ReplayStage outcome, string why, CancellationToken cancellationToken)
    {
        await using var write = registry.CreateCommand(
            "update replay_checks set outcome = $3, reason = $4, judged_at = now() + $5 where operation_id = $1 and scan = $2 and outcome is null");
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = seen.OperationId });
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = seen.Scan });
        write.Parameters.Add(new NpgsqlParameter<string> { TypedValue = outcome.ToString().ToLowerInvariant() });
        write.Parameters.Add(new NpgsqlParameter<string> { TypedValue = why });
        write.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Lets another scan look at a replay. Without effect if it was ordered again meanwhile, or another process has said so.</summary>
    public async Task AgainAsync(SeenReplay seen, CancellationToken cancellationToken)
    {
        await using var write = registry.CreateCommand("update replay_checks set scan = null where operation_id = $1 and scan = $2 and outcome is null");
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = seen.OperationId });
        write.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = seen.Scan });
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The newest replay of an operation.</summary>
    /// <returns>Null when it was never replayed, or by a version that did not look.</returns>
    public async Task<ReplayCheck?> FindAsync(Guid operation, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            select c.requested_at, c.requested_by, c.expects, o.state, c.ordered_at is null and o.state <> 'accepted', cardinality(c.resources) > 0 and o.tenant_id is not null,
                (select h.event from operation_history h where h.operation_id = c.operation_id and h.id > c.ordered_at
                    and h.event in ('{HistoryEvents.Replayed}', '{HistoryEvents.ReplayRefused}') order by h.id limit 1),
                c.scan, c.outcome, c.reason, c.judged_at,
                (select jsonb_agg(jsonb_build_object('id', d.id, 'resource', d.resource, 'kind', d.kind, 'server', d.server, 'name', d.name)) from (
                    select f.id, f.resource, f.kind, f.server, f.name {Differences} and c.outcome is not null order by f.first_seen_at, f.id limit {MostDifferences}) d)
            from replay_checks c join operations o on o.id = c.operation_id left join operations s on s.id = c.scan
            where c.operation_id = $1
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return null;
        var (line, outcome, isComparable) = (Text(row, 6), Text(row, 8), row.GetBoolean(5));
        return new()
        {
            RequestedAt = row.GetFieldValue<DateTimeOffset>(0),
            RequestedBy = row.GetString(1),
            Facts = new()
            {
                State = StateOf(row.GetString(3)),
                ExpectsUndone = row.GetString(2) == "undone",
                CarriedOut = row.GetBoolean(4) || line == HistoryEvents.Replayed,
                WasRefused = line == HistoryEvents.ReplayRefused,
                Seen = outcome is not null ? Enum.Parse<ReplayStage>(outcome, ignoreCase: true) : isComparable ? null : ReplayStage.Unverified,
            },
            Scan = row.IsDBNull(7) ? null : row.GetGuid(7),
            Why = Text(row, 9) ?? (isComparable ? null : "The operation makes nothing outside that scans compare."),
            JudgedAt = row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10),
            Differences = Text(row, 11) is { } found ? JsonSerializer.Deserialize<IReadOnlyList<ReplayDifference>>(found, Json.Options)! : [],
        };
    }

    private static OperationState? StateOf(string name) => OperationStateNames.TryRead(name, out var state) ? state : null;

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>An operation that has ended and is to be looked at.</summary>
/// <param name="Looks">How many scans have looked already.</param>
public sealed record DueReplayCheck(Guid OperationId, DateTimeOffset RequestedAt, TenantId Tenant, int Looks);

/// <summary>What a scan saw of a replay.</summary>
public sealed record SeenReplay(Guid OperationId, Guid Scan, ReplayLook Look);

/// <summary>A difference that contradicts a replay's success: a finding of a scan that is open.</summary>
public sealed record ReplayDifference(Guid Id, string Resource, string Kind, string? Server, string Name);

/// <summary>The newest replay of an operation, and what was seen of it.</summary>
public sealed record ReplayCheck
{
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>As in the audit log.</summary>
    public required string RequestedBy { get; init; }

    public required ReplayFacts Facts { get; init; }

    /// <summary>The operation of the scan that looks; null when there is none.</summary>
    public Guid? Scan { get; init; }

    /// <summary>A whole sentence; null until somebody has looked.</summary>
    public string? Why { get; init; }

    public DateTimeOffset? JudgedAt { get; init; }

    /// <summary>What is still not as the registry says, the first <see cref="ReplayCheckStore.MostDifferences"/>.</summary>
    public required IReadOnlyList<ReplayDifference> Differences { get; init; }
}
