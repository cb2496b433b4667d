using Npgsql;
using Saga.Registry.Intake;
using Saga.Registry.Leases;

namespace Saga.Registry.Sweep;

/// <summary>The SQL of the engine's heartbeat.</summary>
public sealed class SqlDowntimeStore(NpgsqlDataSource registry, RegistryClock clock) : IDowntimeStore
{
    public async Task<TimeSpan> BeatAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (beat, now) = await LockAsync(connection, transaction, cancellationToken);
        var downtime = Downtime.Since(beat, now);
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("update engine_clock set beat_at = $1, idle = idle + $2")
            {
                Parameters = { new NpgsqlParameter { Value = now }, new NpgsqlParameter<TimeSpan> { TypedValue = downtime } },
            });
            if (downtime < TimeSpan.Zero)
                SetBack(batch, downtime, now);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return downtime;
    }

    private async Task<(DateTimeOffset? Beat, DateTimeOffset Now)> LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        // In a separate statement, because the time must be read after the wait for the lock.
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands = { new NpgsqlBatchCommand("select beat_at from engine_clock for update"), new NpgsqlBatchCommand("select clock_timestamp()") },
        };
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        DateTimeOffset? beat = row.IsDBNull(0) ? null : row.GetFieldValue<DateTimeOffset>(0);
        await row.NextResultAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (beat, row.GetFieldValue<DateTimeOffset>(0) + clock.Offset);
    }

    // Workers and other orchestrators go on between the jump and this beat, and what they wrote since must not be moved once more: a lease would
    // end under its holder, and a compensation would seem to have begun before the attempt that it undoes had ended. What lies in the future
    // although it happened was written before the jump. What is older than the jump is long cannot be told apart; it stays, so what follows from
    // it comes later by the length of the jump at most. A lease and the wait for a report end no later than if they had been renewed now. It does
    // no harm to wake an operation or to send a message too early.
    //
    // Operations first, then steps, each by its key, like every other transaction that locks them. An update alone would lock rows in
    // the order in which it finds them.
    private static void SetBack(NpgsqlBatch batch, TimeSpan by, DateTimeOffset now)
    {
        batch.BatchCommands.Add(CommandLedger.Statement(
            """
            with locked as materialized (select id from operations where next_due_at is not null order by id for no key update)
            update operations o set next_due_at = o.next_due_at + $1 from locked where o.id = locked.id
            """,
            by));
        batch.BatchCommands.Add(CommandLedger.Statement(
            """
            with locked as materialized (
                select s.operation_id, s.step from operation_steps s join operations o on o.id = s.operation_id and o.finished_at is null
                order by s.operation_id, s.step for no key update of s)
            update operation_steps s set
                due_at = s.due_at + case when coalesce(s.finished_at, s.dispatched_at, s.started_at, $2) >= $2 then $1 else interval '0' end,
                finished_at = s.finished_at + case when s.finished_at > $2 then $1 else interval '0' end,
                dispatched_at = s.dispatched_at + case when s.dispatched_at > $2 then $1 else interval '0' end,
                taken_at = s.taken_at + case when s.taken_at > $2 then $1 else interval '0' end,
                progressed_at = s.progressed_at + case when s.progressed_at > $2 then $1 else interval '0' end,
                attempt_ends_at = s.attempt_ends_at + case when coalesce(s.progressed_at, s.taken_at) > $2 then $1 else interval '0' end,
                expires_at = least(s.expires_at, $2 + (s.lost_at - s.expires_at)), lost_at = least(s.lost_at, $2 + 2 * (s.lost_at - s.expires_at)),
                report_until = case when s.report_until is not null then least(s.report_until, greatest($2 + $3, $2 + 2 * (s.lost_at - s.expires_at))) end,
                watched_until = s.watched_until + $1
            from locked where s.operation_id = locked.operation_id and s.step = locked.step
            """,
            by, now, LeaseRows.Backlog));
        batch.BatchCommands.Add(CommandLedger.Statement(
            """
            with locked as materialized (select message_id from outbox order by message_id for no key update)
            update outbox o set claimed_until = o.claimed_until + $1 from locked where o.message_id = locked.message_id
            """,
            by));
    }
}
