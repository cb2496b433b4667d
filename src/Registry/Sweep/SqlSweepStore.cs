using Dapper;
using Npgsql;
using Saga.Registry.Operations;

namespace Saga.Registry.Sweep;

/// <summary>The SQL of sweepers.</summary>
public sealed class SqlSweepStore(NpgsqlDataSource registry, RegistryClock clock) : ISweepStore
{
    public async Task<DueOperations> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<(Guid Id, string? TraceParent, bool Queued)>(new CommandDefinition(
            $"""
            with due as (
                update operations o set
                    next_due_at = case when d.queues then null else now() + @offset + @putOff end,
                    slot = case when d.queues then 'queued' else o.slot end,
                    slot_returns = o.slot_returns or d.queues,
                    slot_since = case when d.queues then now() + @offset else o.slot_since end
                from (
                    select id, slot = 'released' and state in ('accepted', 'running') as queues from operations where next_due_at <= now() + @offset
                    order by next_due_at limit @limit for no key update skip locked) d
                where o.id = d.id
                returning o.id, o.traceparent, d.queues),
            watched as (
                update operation_steps l set watched_until = case when l.status in ({StepStatusSql.Dispatched}) then now() + @offset + @putOff end
                from (
                    select operation_id, step from operation_steps where watched_until <= now() + @offset
                    order by watched_until limit @limit for no key update skip locked) as lost
                where l.operation_id = lost.operation_id and l.step = lost.step
                returning l.operation_id)
            select id, traceparent, queues from due
            union all
            select o.id, o.traceparent, false from operations o
            where o.id in (select operation_id from watched) and o.id not in (select id from due)
            """,
            new { limit, putOff, offset = clock.Offset }, cancellationToken: cancellationToken))).ToList();
        return new DueOperations([.. rows.Where(r => !r.Queued).Select(r => new SweptOperation(r.Id, r.TraceParent))], rows.Count(r => r.Queued));
    }

    public Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken) =>
        QueryAsync("select id, traceparent from operations where state in ('accepted', 'running', 'compensating') and slot not in ('queued', 'waiting')", null, cancellationToken);

    private async Task<IReadOnlyList<SweptOperation>> QueryAsync(string sql, object? parameters, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(Guid Id, string? TraceParent)>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
        return [.. rows.Select(row => new SweptOperation(row.Id, row.TraceParent))];
    }
}
