using Npgsql;

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
                SetBack(batch, downtime);
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

    // Operations first, then steps, each by its key, like every other transaction that locks them. An update alone would lock rows in
    // the order in which it finds them.
    private static void SetBack(NpgsqlBatch batch, TimeSpan by)
    {
        foreach (var statement in new[]
        {
            """
            with locked as materialized (select id from operations where next_due_at is not null order by id for no key update)
            update operations o set next_due_at = o.next_due_at + $1 from locked where o.id = locked.id
            """,
            """
            with locked as materialized (
                select s.operation_id, s.step from operation_steps s join operations o on o.id = s.operation_id and o.finished_at is null
                order by s.operation_id, s.step for no key update of s)
            update operation_steps s set
                due_at = s.due_at + $1, dispatched_at = s.dispatched_at + $1, taken_at = s.taken_at + $1, lost_at = s.lost_at + $1,
                expires_at = s.expires_at + $1, attempt_ends_at = s.attempt_ends_at + $1, watched_until = s.watched_until + $1,
                report_until = s.report_until + $1, progressed_at = s.progressed_at + $1
            from locked where s.operation_id = locked.operation_id and s.step = locked.step
            """,
            """
            with locked as materialized (select message_id from outbox order by message_id for no key update)
            update outbox o set claimed_until = o.claimed_until + $1 from locked where o.message_id = locked.message_id
            """,
        })
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement) { Parameters = { new NpgsqlParameter<TimeSpan> { TypedValue = by } } });
        }
    }
}
