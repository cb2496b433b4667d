using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Paging;

namespace Saga.Registry.Operations;

/// <summary>
/// Groups what failed by what it has in common: the kind of operation, the step and its direction, the failure's code and the external
/// system. Thread-safe.
/// </summary>
public sealed class FailureListing(NpgsqlDataSource registry)
{
    /// <summary>The order of lists: what failed last comes first.</summary>
    public const string Sort = "-lastSeenAt";

    /// <summary>The code of steps that are deferred and have never failed: the circuit of their system was open before they called it.</summary>
    public const string DeferredCode = "deferred";

    // Those that are not finished are few, whatever their age. Each part has an index of its own. A person's cancellation is no failure.
    // Operations of earlier versions say in their steps what failed.
    private const string Failed =
        """
        select o.id, o.kind, o.tenant_id, o.state, coalesce(o.failed_step, s.step) as step, coalesce(o.failed_back, s.back, false) as back, o.code, o.system, o.at
        from (
            select id, kind, tenant_id, state, failed_at, failed_step, failed_back, failure ->> 'code' as code, failure ->> 'system' as system, coalesce(failed_at, created_at) as at
            from operations
            where failure is not null and finished_at is null and ($1::timestamptz is null or coalesce(failed_at, created_at) >= $1) and ($2::timestamptz is null or coalesce(failed_at, created_at) < $2)
                and not (cancellation is not null and failure ->> 'code' = 'cancelled')
            union all
            select id, kind, tenant_id, state, failed_at, failed_step, failed_back, failure ->> 'code', failure ->> 'system', coalesce(failed_at, finished_at)
            from operations
            where failure is not null and finished_at is not null and coalesce(failed_at, finished_at) >= $3 and ($2::timestamptz is null or coalesce(failed_at, finished_at) < $2)
                and not (cancellation is not null and failure ->> 'code' = 'cancelled')) o
            left join lateral (
                select r.step, r.status = 'compensationFailed' as back from operation_steps r
                where o.failed_at is null and r.operation_id = o.id and r.failure ->> 'code' = o.code
                order by r.status in ('failed', 'compensationFailed') desc limit 1) s on true
        where ($4::text is null or o.kind = $4) and ($5::text[] is null or o.state = any($5))
        """;

    // Steps in motion are due, or their operations queue for a slot: both have an index. A step that is being compensated for the first
    // time still shows the operation's own failure.
    private const string Retried =
        $"""
        select o.id, o.kind, o.tenant_id, o.state, s.step, s.status in ({StepStatusSql.Back}) as back,
            coalesce(s.failure ->> 'code', '{DeferredCode}') as code, coalesce(s.failure ->> 'system', s.held_by) as system, coalesce(s.dispatched_at, o.created_at) as at
        from operations o join operation_steps s on s.operation_id = o.id
        where (o.next_due_at is not null or o.slot = 'queued') and o.state in ('running', 'compensating')
            and (s.status in ({StepStatusSql.Deferred}) or (s.failure is not null
                and (s.status in ({StepStatusSql.Waiting}) or (s.status in ({StepStatusSql.Dispatched}) and (s.attempt > 1 or s.deferred_times > 0)))
                and not (s.status in ({StepStatusSql.Back}) and s.failure is not distinct from o.failure)))
            and ($1::timestamptz is null or coalesce(s.dispatched_at, o.created_at) >= $1) and ($2::timestamptz is null or coalesce(s.dispatched_at, o.created_at) < $2)
            and ($4::text is null or o.kind = $4) and ($5::text[] is null or o.state = any($5))
        """;

    /// <param name="filter">Conditions that must all hold.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the beginning.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<Page<FailureGroup>> ListAsync(FailureFilter filter, Cursor? after, int limit, CancellationToken cancellationToken = default)
    {
        await using var query = new ListQuery(registry, Select(filter.Retried));
        query.Add(filter.Since ?? (object)DBNull.Value);
        query.Add(filter.Until ?? (object)DBNull.Value);
        query.Add(filter.Since ?? filter.EndedSince);
        query.Add(filter.Kind ?? (object)DBNull.Value);
        query.Add(filter.States?.Select(OperationStateNames.Of).ToArray() ?? (object)DBNull.Value);
        query.OrderBy("g.last_at", "g.id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.LastSeenAt), last.Id), cancellationToken);
    }

    /// <summary>The query for one page, without its order. Its first five parameters are the filter's.</summary>
    public static string Select(bool retried) =>
        $"""
        select g.*, {(retried
            ? "(select s.failure from operation_steps s where s.operation_id = g.sample and s.step = g.step)"
            : "(select o.failure from operations o where o.id = g.sample)")}
        from (
            select md5(concat_ws(chr(31), f.kind, coalesce(f.step, ''), f.back, f.code, coalesce(f.system, '')))::uuid as id, f.kind, f.step, f.back, f.code, f.system,
                count(*) as number, count(*) filter (where f.state = 'stalled') as stalled, count(distinct f.tenant_id) as tenants,
                min(f.at) as first_at, max(f.at) as last_at, (array_agg(f.id order by f.at desc, f.id desc))[1] as sample,
                array_agg(distinct t.plan order by t.plan) filter (where t.plan is not null) as plans, array_agg(distinct t.tier order by t.tier) filter (where t.tier is not null) as tiers
            from ({(retried ? Retried : Failed)}) f left join tenants t on t.id = f.tenant_id
            group by f.kind, f.step, f.back, f.code, f.system) g
        """;

    private static FailureGroup Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Kind = row.GetString(1),
        Step = row.IsDBNull(2) ? null : row.GetString(2),
        Direction = row.GetBoolean(3) ? Direction.Back : Direction.Forward,
        Code = row.GetString(4),
        System = row.IsDBNull(5) ? null : row.GetString(5),
        Count = row.GetInt64(6),
        Stalled = row.GetInt64(7),
        Tenants = row.GetInt64(8),
        FirstSeenAt = row.GetFieldValue<DateTimeOffset>(9),
        LastSeenAt = row.GetFieldValue<DateTimeOffset>(10),
        Sample = row.GetGuid(11),
        Plans = row.IsDBNull(12) ? [] : row.GetFieldValue<string[]>(12),
        Tiers = row.IsDBNull(13) ? [] : row.GetFieldValue<string[]>(13),
        Failure = row.IsDBNull(14) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(14), Json.Options),
    };
}

/// <summary>Operations that failed in the same way.</summary>
public sealed record FailureGroup
{
    /// <summary>Made from what they have in common, so it is the same tomorrow.</summary>
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>Null when no step failed.</summary>
    public string? Step { get; init; }

    public required Direction Direction { get; init; }

    public required string Code { get; init; }

    public string? System { get; init; }

    public required long Count { get; init; }

    /// <summary>How many of them wait for an operator.</summary>
    public required long Stalled { get; init; }

    public required long Tenants { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>The operation that failed last.</summary>
    public required Guid Sample { get; init; }

    /// <summary>The plans of the tenants.</summary>
    public required IReadOnlyList<string> Plans { get; init; }

    public required IReadOnlyList<string> Tiers { get; init; }

    /// <summary>The sample's failure; null for a step that is deferred and has never failed.</summary>
    public Failure? Failure { get; init; }
}

/// <summary>A filter for failures; null matches all.</summary>
public sealed record FailureFilter
{
    public string? Kind { get; init; }

    public IReadOnlyList<OperationState>? States { get; init; }

    /// <summary>When they failed. Without it, those that have ended count from <see cref="EndedSince"/> on, and the others whatever their age.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? Until { get; init; }

    public required DateTimeOffset EndedSince { get; init; }

    /// <summary>Instead of failures, steps that are tried again or deferred.</summary>
    public bool Retried { get; init; }
}
