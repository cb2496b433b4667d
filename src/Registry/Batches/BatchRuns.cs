using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Batches;
using Saga.Engine.Operations;
using Saga.Registry.Intake;

namespace Saga.Registry.Batches;

/// <summary>The SQL of running batches.</summary>
public sealed class BatchRuns(NpgsqlDataSource registry, RegistryClock clock) : IBatchRuns
{
    public async Task<IReadOnlyList<BatchClaim>> TakeAsync(int limit, TimeSpan lasts, CancellationToken cancellationToken)
    {
        await using var take = registry.CreateCommand(
            $"""
            update batches b set claim = gen_random_uuid(), claimed_until = now() + $3 + $2
            from (
                select id from batches where operation_id is not null and not closed and (claimed_until is null or claimed_until <= now() + $3)
                order by id limit $1 for no key update skip locked) due
            where b.id = due.id
            returning {BatchStore.Columns}, b.claim, (select o.finished_at is not null from operations o where o.id = b.operation_id),
                extract(epoch from now() + $3 - b.next_item_at)::float8, now() + $3
            """);
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lasts });
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        var taken = new List<BatchClaim>();
        await using var rows = await take.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var batch = BatchStore.Read(rows);
            taken.Add(new(batch, rows.GetGuid(25), rows.GetBoolean(26), Allowed(batch.Pace, TimeSpan.FromSeconds(rows.GetDouble(27))), rows.GetFieldValue<DateTimeOffset>(28)));
        }

        return taken;
    }

    public Task ReleaseAsync(BatchClaim claim, CancellationToken cancellationToken) =>
        UnderAsync(claim, "update batches set claim = null, claimed_until = null where id = $1 and claim = $2", [], cancellationToken);

    public async Task SettleAsync(Guid batch, string caller, CancellationToken cancellationToken)
    {
        await using var settle = registry.CreateCommand(
            $"""
            update batch_items i set state = r.state, failure = r.failure, ended_at = now() + $2
            from (
                select i.number,
                    case
                        when o.state = 'completed' then case when i.expects = 'completed' then 'succeeded' else 'failed' end
                        when o.state in ('compensated', 'cancelled') then case when i.expects = 'undone' then 'succeeded' else 'failed' end
                        when o.state = 'stalled' and exists (
                            select from operation_history h where h.operation_id = o.id and h.id > coalesce(i.ordered_at, 0) and h.event = '{HistoryEvents.Stalled}') then 'failed'
                        when i.ordered_at is not null and exists (
                            select from operation_history h where h.operation_id = o.id and h.id > i.ordered_at and h.event = '{HistoryEvents.ReplayRefused}' and h.data ->> 'by' = $3) then 'refused'
                    end as state,
                    o.failure
                from batch_items i join operations o on o.id = i.operation_id
                where i.batch_id = $1 and i.state = 'running') r
            where i.batch_id = $1 and i.number = r.number and i.state = 'running' and r.state is not null
            """);
        settle.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = batch });
        settle.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        settle.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller });
        await settle.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<BatchProgress> ProgressAsync(Batch batch, CancellationToken cancellationToken)
    {
        await using var count = registry.CreateCommand(
            """
            select count(*) filter (where wave = $2)::int, count(*) filter (where wave = $2 and state in ('failed', 'refused'))::int,
                count(*) filter (where rehearsal is null and state = 'pending')::int, count(*) filter (where state = 'running')::int,
                count(*) filter (where rehearsal is not null and state <> 'succeeded')::int, count(*) filter (where rehearsal is not null and state = 'pending')::int,
                count(*) filter (where rehearsal is not null and state in ('failed', 'refused'))::int,
                (select format('The rehearsal of tenant ''%s'' failed: %s.', t.slug, coalesce(r.failure ->> 'code' || ': ' || rtrim(r.failure ->> 'message', '.'), 'its operation was undone'))
                 from batch_items r join tenants t on t.id = r.subject
                 where r.batch_id = $1 and r.rehearsal is not null and r.state in ('failed', 'refused') order by r.number limit 1)
            from batch_items where batch_id = $1
            """);
        count.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = batch.Id });
        count.Parameters.Add(new NpgsqlParameter<int> { TypedValue = batch.Wave });
        await using var row = await count.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        // A batch that was resumed has open items of the wave before, and completes only when these have ended too.
        return new(batch.WaveSize, row.GetInt32(0), row.GetInt32(3), row.GetInt32(1), row.GetInt32(2))
        {
            Rehearsals = row.GetInt32(4) == 0 ? null : new(row.GetInt32(5), row.GetInt32(6), row.IsDBNull(7) ? null : row.GetString(7)),
        };
    }

    public async Task<BatchItem?> NextAsync(BatchClaim claim, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            select {BatchStore.ItemColumns} from batches b join batch_items i on i.batch_id = b.id
            where b.id = $1 and b.claim = $2 and b.state = 'running' and i.state = 'pending'
              -- An orchestrator from before rehearsals defers them as it does upgrades.
              and (i.rehearsal is not null or i.not_before is null or i.not_before <= now() + $3)
              and (i.rehearsal is not null or not exists (select from batch_items r where r.batch_id = b.id and r.rehearsal is not null and r.state <> 'succeeded'))
            order by i.number limit 1
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = claim.Batch.Id });
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = claim.Token });
        find.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? BatchStore.ReadItem(row) : null;
    }

    public async Task<Guid?> OrderedAsync(BatchItem item, string caller, string key, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            select operation_id from idempotency_keys where caller = $2 and key = $3
            union all
            select operation_id from operation_history where operation_id = $1 and event = '{HistoryEvents.ReplayRequested}' and data ->> 'by' = $2 and data ->> 'key' = $3
            limit 1
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = item.Subject });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        return (Guid?)await find.ExecuteScalarAsync(cancellationToken);
    }

    public Task BegunAsync(BatchClaim claim, BatchItem item, Guid operation, string key, CancellationToken cancellationToken) => UnderAsync(
        claim,
        $"""
        with own as (
            update batches set next_item_at = greatest(next_item_at, now() + $3 - $4) + $5 where id = $1 and claim = $2 returning id, wave)
        update batch_items i set state = 'running', wave = case when i.rehearsal is null then own.wave end, operation_id = $7, begun_at = now() + $3, ended_at = null,
            ordered_at = (select max(h.id) from operation_history h where h.operation_id = $7 and h.event = '{HistoryEvents.ReplayRequested}' and h.data ->> 'key' = $8)
        from own where i.batch_id = own.id and i.number = $6 and i.state in ('pending', 'skipped')
        """,
        [clock.Offset, Burst(claim.Batch.Pace), claim.Batch.Pace.Interval, item.Number, operation, key], cancellationToken);

    public Task RecoverAsync(BatchClaim claim, string caller, string keyPrefix, CancellationToken cancellationToken) => UnderAsync(
        claim,
        $"""
        with ordered as (
            select i.number, k.operation_id, null::bigint as line from batch_items i join idempotency_keys k on k.caller = $3 and k.key = $4 || i.number || case when i.rehearsal > 1 then '-' || i.rehearsal else '' end
            where i.batch_id = $1 and i.state = 'skipped'
            union all
            select i.number, h.operation_id, h.id from batch_items i join operation_history h on h.operation_id = i.subject and h.event = '{HistoryEvents.ReplayRequested}' and h.data ->> 'by' = $3
            where i.batch_id = $1 and i.state = 'skipped')
        update batch_items i set state = 'running', wave = case when i.rehearsal is null then b.wave end, operation_id = ordered.operation_id, ordered_at = ordered.line, begun_at = now() + $5, ended_at = null
        from ordered, batches b where b.id = $1 and b.claim = $2 and b.state = 'aborted' and i.batch_id = b.id and i.number = ordered.number and i.state = 'skipped'
        """,
        [caller, keyPrefix, clock.Offset], cancellationToken);

    public Task DeferAsync(BatchClaim claim, BatchItem item, DateTimeOffset until, CancellationToken cancellationToken) => UnderAsync(
        claim,
        """
        update batch_items i set not_before = $4 from batches b
        where b.id = $1 and b.claim = $2 and i.batch_id = b.id and i.number = $3 and i.state = 'pending'
        """,
        [item.Number, until.ToUniversalTime()], cancellationToken);

    public Task RefusedAsync(BatchClaim claim, BatchItem item, Failure failure, CancellationToken cancellationToken) => UnderAsync(
        claim,
        """
        with own as (
            update batches set next_item_at = greatest(next_item_at, now() + $3 - $4) + $5 where id = $1 and claim = $2 returning id, wave)
        update batch_items i set state = 'refused', wave = case when i.rehearsal is null then own.wave end, failure = $7::jsonb, begun_at = now() + $3, ended_at = now() + $3
        from own where i.batch_id = own.id and i.number = $6 and i.state = 'pending'
        """,
        [clock.Offset, Burst(claim.Batch.Pace), claim.Batch.Pace.Interval, item.Number, JsonSerializer.Serialize(failure, Json.Options)], cancellationToken);

    public Task DecideAsync(BatchClaim claim, BatchDecision decision, CancellationToken cancellationToken)
    {
        var (update, name, data) = decision switch
        {
            BatchDecision.NextWave { Size: var size } => ($"wave = wave + 1, wave_size = {size}", HistoryEvents.WaveBegun, (object)new { wave = claim.Batch.Wave + 1, size }),
            BatchDecision.Pause { Code: var code, Why: var why } => ("state = 'paused', pause_reason = $4::jsonb ->> 'why', pause_code = $4::jsonb ->> 'code'", HistoryEvents.BatchPaused, new { code, why }),
            BatchDecision.Complete => ("state = 'completed', ended_at = now() + $5", HistoryEvents.BatchCompleted, new { }),
            _ => throw new InvalidOperationException($"{decision} changes no batch."),
        };
        return UnderAsync(
            claim,
            $"""
            with own as (update batches set {update} where id = $1 and claim = $2 and state = 'running' returning operation_id)
            insert into operation_history (operation_id, at, event, data) select operation_id, clock_timestamp() + $5, $3, $4::jsonb from own
            """,
            [name, JsonSerializer.Serialize(data, Json.Options), clock.Offset], cancellationToken);
    }

    public async Task AbortAsync(BatchClaim claim, string actor, string why, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in AbortCommands(claim.Batch.Id, actor, why, clock.Offset))
            batch.BatchCommands.Add(statement);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task CloseAsync(BatchClaim claim, CancellationToken cancellationToken) =>
        UnderAsync(claim, "update batches set closed = true, claim = null, claimed_until = null where id = $1 and claim = $2", [], cancellationToken);

    internal static IEnumerable<NpgsqlBatchCommand> ResumeCommands(Guid batch) =>
    [
        // One that was undone is ordered again. Of one whose operation goes on, because somebody replayed it, the end counts.
        CommandLedger.Statement(
            """
            update batch_items i set
                state = case when f.goes_on then 'running' else 'pending' end, rehearsal = i.rehearsal + case when f.goes_on then 0 else 1 end,
                operation_id = case when f.goes_on then i.operation_id end, begun_at = case when f.goes_on then i.begun_at end, failure = null, ended_at = null
            from (
                select r.number, exists (select from operations o where o.id = r.operation_id and o.state not in ('compensated', 'cancelled')) as goes_on
                from batch_items r where r.batch_id = $1 and r.rehearsal is not null and r.state in ('failed', 'refused')) f
            where i.batch_id = $1 and i.number = f.number
            """,
            batch),
        // While it rehearses, no wave has begun.
        CommandLedger.Statement(
            """
            update batches b set state = 'running', pause_reason = null, pause_code = null, claimed_until = null,
                wave = wave + case when exists (select from batch_items r where r.batch_id = b.id and r.rehearsal is not null and r.state <> 'succeeded') then 0 else 1 end
            where id = $1
            """,
            batch),
    ];

    internal static IEnumerable<NpgsqlBatchCommand> AbortCommands(Guid batch, string actor, string reason, TimeSpan offset) =>
    [
        CommandLedger.Statement(
            """
            update batches b set state = 'aborted', ended_by = $2, end_reason = $3, ended_at = now() + $4, pause_reason = null, pause_code = null,
                -- A batch in which nothing can go on now is looked at twice a minute only. A runner that is at work keeps its claim.
                claimed_until = case
                    when b.state = 'paused' or not exists (
                        select from batch_items i where i.batch_id = $1 and (i.state = 'running' or i.state = 'pending' and (i.not_before is null or i.not_before <= now() + $4)))
                    then null
                    else claimed_until
                end
            where b.id = $1 and b.state not in ('completed', 'aborted')
            """,
            batch, actor, reason, offset),
        CommandLedger.Statement(
            "update batch_items set state = 'skipped', ended_at = now() + $2 where batch_id = $1 and state = 'pending' and exists (select from batches b where b.id = $1 and b.state = 'aborted')",
            batch, offset),
    ];

    internal static NpgsqlBatchCommand HistoryCommand(Guid operation, string name, object data) => CommandLedger.Statement(
        "insert into operation_history (operation_id, at, event, data) values ($1, clock_timestamp(), $2, $3::jsonb)", operation, name, JsonSerializer.Serialize(data, Json.Options));

    // What was not used while nothing could begin is not made up for, except for a few seconds.
    internal static TimeSpan Burst(BatchPace pace) => pace.Interval < TimeSpan.FromSeconds(2) ? TimeSpan.FromSeconds(2) : pace.Interval;

    internal static int Allowed(BatchPace pace, TimeSpan since)
    {
        if (pace.PerMinute is null)
            return int.MaxValue;
        return since < TimeSpan.Zero ? 0 : (int)(Math.Min(since.Ticks, Burst(pace).Ticks) / pace.Interval.Ticks) + 1;
    }

    private async Task UnderAsync(BatchClaim claim, string sql, IReadOnlyList<object> values, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = claim.Batch.Id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = claim.Token });
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
