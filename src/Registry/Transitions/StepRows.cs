using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Registry.Operations;
using System.Text.Json;

namespace Saga.Registry.Transitions;

/// <summary>
/// The SQL of an operation's steps. A row has the step's state, its newest fencing token and its lease. A step that was never
/// dispatched has no row.
/// </summary>
internal static class StepRows
{
    public static NpgsqlBatchCommand Select(IEnumerable<Guid> operations) => new(
        """
        select operation_id, step, status, fence, attempt, started_at, dispatched_at, due_at, deadline, finished_at, failure, held_by, output, uncertain_at,
            taken_at, case when holder is not null and held_fence = fence then lost_at end, watched_until is not null,
            deliveries, lost_in_a_row, deferred_since, deferred_times, report_until, idle, answer, progressed_at
        from operation_steps where operation_id = any($1)
        """)
    {
        Parameters = { Parameter.Array(operations, id => id, NpgsqlDbType.Uuid) },
    };

    /// <summary>The step as stored, and how much downtime there had been when its times were written.</summary>
    public static (Guid Operation, StepRun Step, TimeSpan Idle) Read(NpgsqlDataReader row) => (row.GetGuid(0), new StepRun
    {
        Name = row.GetString(1),
        Status = StatusOf(row.GetString(2)),
        Fence = row.GetInt64(3),
        Attempt = row.GetInt32(4),
        StartedAt = Time(row, 5),
        DispatchedAt = Time(row, 6),
        DueAt = Time(row, 7),
        Deadline = Time(row, 8),
        FinishedAt = Time(row, 9),
        Failure = row.IsDBNull(10) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(10), Json.Options),
        DeferredBy = row.IsDBNull(11) ? null : row.GetString(11),
        Output = row.IsDBNull(12) ? null : JsonSerializer.Deserialize<JsonElement>(row.GetString(12), Json.Options),
        UncertainAt = Time(row, 13),
        TakenAt = Time(row, 14),
        LostAt = Time(row, 15),
        Watched = row.GetBoolean(16),
        Deliveries = row.GetInt32(17),
        LostInARow = row.GetInt32(18),
        DeferredSince = Time(row, 19),
        DeferredTimes = row.GetInt32(20),
        ReportUntil = Time(row, 21),
        Answer = row.IsDBNull(23) ? null : JsonSerializer.Deserialize<WaitAnswer>(row.GetString(23), Json.Options),
        ProgressedAt = Time(row, 24),
    }, row.GetFieldValue<TimeSpan>(22));

    /// <summary>Extends the step's limits by the downtime since they were written.</summary>
    public static StepRun After(StepRun step, TimeSpan downtime) =>
        downtime == TimeSpan.Zero ? step : step with { Deadline = step.Deadline + downtime, DeferredSince = step.DeferredSince + downtime };

    /// <summary>
    /// Writes the changed steps. A new fencing token allows the worker of that dispatch to take the lease. A result closes the dispatch
    /// and ends its lease. An abandoned attempt keeps its lease, because it may still be running. Workers own the columns that they write
    /// about the newest dispatch: a new fencing token clears them, and nothing else here touches them. Rows are locked in the order of
    /// operation and step, like everywhere else.
    /// </summary>
    /// <param name="operations">The changes.</param>
    /// <param name="idle">All downtime so far.</param>
    public static NpgsqlBatchCommand? Upsert(IReadOnlyList<OperationChange> operations, TimeSpan idle)
    {
        var changes = operations.SelectMany(o => o.Steps.Select(change => (o.OperationId, change.Step, change.SettledFence))).ToList();
        if (changes.Count == 0)
            return null;
        return new NpgsqlBatchCommand(
            $"""
            insert into operation_steps as s (
                operation_id, step, status, fence, attempt, started_at, dispatched_at, due_at, deadline, finished_at, failure, held_by, output, settled, held_fence,
                uncertain_at, deliveries, lost_in_a_row, deferred_since, deferred_times, idle)
            select v.operation, v.step, v.status, v.fence, v.attempt, v.started, v.dispatched, v.due, v.deadline, v.finished, v.failure::jsonb, v.held_by, v.output::jsonb,
                coalesce(v.fence = v.settled_fence, false), v.settled_fence, v.uncertain, v.deliveries, v.lost, v.deferred_since, v.deferred_times, $20
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) as v(
                operation, step, status, fence, attempt, started, dispatched, due, deadline, finished, failure, held_by, output, settled_fence,
                uncertain, deliveries, lost, deferred_since, deferred_times)
            order by v.operation, v.step
            on conflict (operation_id, step) do update set
                status = excluded.status, fence = excluded.fence, attempt = excluded.attempt, started_at = excluded.started_at,
                dispatched_at = excluded.dispatched_at, due_at = excluded.due_at, deadline = excluded.deadline, finished_at = excluded.finished_at,
                failure = excluded.failure, held_by = excluded.held_by, output = excluded.output,
                settled    = excluded.settled or (s.settled and excluded.fence = s.fence),
                holder     = case when s.held_fence = excluded.held_fence then null else s.holder end,
                expires_at = case when s.held_fence = excluded.held_fence then null else s.expires_at end,
                uncertain_at = excluded.uncertain_at,
                lost_at    = case when s.held_fence = excluded.held_fence then null else s.lost_at end,
                taken_at        = case when excluded.fence = s.fence then s.taken_at end,
                attempt_ends_at = case when excluded.fence = s.fence then s.attempt_ends_at end,
                report_until    = case when excluded.fence = s.fence then s.report_until end,
                progress        = case when excluded.fence = s.fence then s.progress end,
                progressed_at   = case when excluded.fence = s.fence then s.progressed_at end,
                -- The next attempt in the same direction begins there.
                checkpoint      = case when excluded.status not in ('{StepStatusNames.Succeeded}', '{StepStatusNames.Compensated}')
                    and excluded.status in ({StepStatusSql.Back}) = s.status in ({StepStatusSql.Back}) then s.checkpoint end,
                watched_until   = case when excluded.fence = s.fence and s.taken_at is not null and excluded.status in ({StepStatusSql.Dispatched}) then s.watched_until end,
                deliveries = excluded.deliveries, lost_in_a_row = excluded.lost_in_a_row,
                deferred_since = excluded.deferred_since, deferred_times = excluded.deferred_times,
                idle = excluded.idle
            """)
        {
            Parameters =
            {
                Parameter.Array(changes, c => c.OperationId, NpgsqlDbType.Uuid),
                Parameter.Array(changes, c => c.Step.Name, NpgsqlDbType.Text),
                Parameter.Array(changes, c => StepStatusNames.Stored(c.Step.Status), NpgsqlDbType.Text),
                Parameter.Array(changes, c => c.Step.Fence, NpgsqlDbType.Bigint),
                Parameter.Array(changes, c => c.Step.Attempt, NpgsqlDbType.Integer),
                Parameter.Array(changes, c => c.Step.StartedAt, NpgsqlDbType.TimestampTz),
                Parameter.Array(changes, c => c.Step.DispatchedAt, NpgsqlDbType.TimestampTz),
                Parameter.Array(changes, c => c.Step.DueAt, NpgsqlDbType.TimestampTz),
                Parameter.Array(changes, c => c.Step.Deadline, NpgsqlDbType.TimestampTz),
                Parameter.Array(changes, c => c.Step.FinishedAt, NpgsqlDbType.TimestampTz),
                Parameter.Array(changes, c => Parameter.Json(c.Step.Failure), NpgsqlDbType.Text),
                Parameter.Array(changes, c => c.Step.DeferredBy, NpgsqlDbType.Text),
                Parameter.Array(changes, c => c.Step.Output?.GetRawText(), NpgsqlDbType.Text),
                Parameter.Array(changes, c => c.SettledFence, NpgsqlDbType.Bigint),
                Parameter.Array(changes, c => c.Step.UncertainAt, NpgsqlDbType.TimestampTz),
                Parameter.Array(changes, c => c.Step.Deliveries, NpgsqlDbType.Integer),
                Parameter.Array(changes, c => c.Step.LostInARow, NpgsqlDbType.Integer),
                Parameter.Array(changes, c => c.Step.DeferredSince, NpgsqlDbType.TimestampTz),
                Parameter.Array(changes, c => c.Step.DeferredTimes, NpgsqlDbType.Integer),
                new NpgsqlParameter<TimeSpan> { TypedValue = idle },
            },
        };
    }

    private static StepStatus StatusOf(string name) => StepStatusNames.TryRead(name, out var status)
        ? status
        : throw new FormatException($"This version does not know the status '{name}' of a step.");

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
