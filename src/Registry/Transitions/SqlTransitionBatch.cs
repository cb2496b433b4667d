using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Admission;
using Saga.Registry.Operations;
using Saga.Registry.Sweep;

namespace Saga.Registry.Transitions;

/// <summary>
/// The SQL of transitions. It takes two round trips, however many transitions share a transaction. The first begins it, looks up the
/// messages, locks the operations in the order of their ids and reads their steps. The second writes and commits.
/// </summary>
internal sealed class SqlTransitionBatch : ITransitionBatch
{
    private readonly PinnedConnection pinned;
    private readonly NpgsqlConnection locking;
    private readonly Dictionary<Guid, LoadedOperation> operations;
    private readonly Dictionary<Guid, string> unreadable;
    private readonly TimeSpan idle;
    private bool committed;

    private SqlTransitionBatch(PinnedConnection pinned, NpgsqlConnection locking, Dictionary<Guid, LoadedOperation> operations, Dictionary<Guid, string> unreadable, DateTimeOffset now, TimeSpan idle)
    {
        this.unreadable = unreadable;
        this.pinned = pinned;
        this.locking = locking;
        this.operations = operations;
        this.idle = idle;
        Now = now;
    }

    public static async Task<SqlTransitionBatch> BeginAsync(
        PinnedConnection pinned, WorkflowCache workflows, IReadOnlyList<OperationMessage> messages, RegistryClock clock, CancellationToken cancellationToken)
    {
        var connection = await pinned.OpenAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("begin"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select o.id, o.state, o.tenant_id, o.workflow_digest, o.failure, o.next_due_at, o.slot, o.cancellation, o.wrote_on_acceptance
            from unnest($1) as v(operation) join operations o on o.id = v.operation
            order by o.id for no key update of o
            """)
        {
            Parameters = { Parameter.Array(messages, m => m.OperationId, NpgsqlDbType.Uuid) },
        });
        // In a separate statement after the lock, because a statement that waits for the lock sees the data from before it waited.
        batch.BatchCommands.Add(StepRows.Select(messages.Select(m => m.OperationId)));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select v.operation from unnest($1, $2) as v(operation, message)
            where exists (select from operation_history h where h.operation_id = v.operation and h.message_id = v.message)
            """)
        {
            Parameters =
            {
                Parameter.Array(messages, m => m.OperationId, NpgsqlDbType.Uuid),
                Parameter.Array(messages, m => m.MessageId, NpgsqlDbType.Uuid),
            },
        });
        // Not the transaction's start time, because it may have waited for the locks.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select clock_timestamp(), beat_at, idle from engine_clock"));

        var rows = new List<(Guid Id, Guid? Tenant, string Workflow, StoredOperation Stored, bool Wrote)>();
        var steps = new List<(Guid Operation, StepRun Step, TimeSpan Idle)>();
        var seen = new HashSet<Guid>();
        var unknown = new Dictionary<Guid, string>();
        DateTimeOffset now;
        TimeSpan downtime;
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                Try(reader.GetGuid(0), () => rows.Add((reader.GetGuid(0), reader.IsDBNull(2) ? null : reader.GetGuid(2), reader.GetString(3), Stored(reader), reader.GetBoolean(8))));
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                Try(reader.GetGuid(0), () => steps.Add(StepRows.Read(reader)));
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                seen.Add(reader.GetGuid(0));
            await reader.NextResultAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            now = reader.GetFieldValue<DateTimeOffset>(0) + clock.Offset;
            // Includes downtime that no beat has recorded yet, so that the first transition after it does not find its deadlines used up.
            downtime = reader.GetFieldValue<TimeSpan>(2) + Downtime.Since(reader.IsDBNull(1) ? null : reader.GetFieldValue<DateTimeOffset>(1), now);
        }

        var stepsOf = steps.ToLookup(s => s.Operation, s => StepRows.After(s.Step, downtime - s.Idle));
        var loaded = new Dictionary<Guid, LoadedOperation>(rows.Count);
        foreach (var row in rows)
        {
            WorkflowDefinition workflow;
            try
            {
                workflow = await workflows.FindAsync(connection, row.Workflow, cancellationToken);
            }
            catch (Exception error) when (UnreadableRows.Is(error))
            {
                unknown.TryAdd(row.Id, error.Message);
                continue;
            }

            loaded[row.Id] = new LoadedOperation
            {
                Id = row.Id,
                TenantId = row.Tenant is { } tenant ? new TenantId(tenant) : null,
                Workflow = workflow,
                Stored = row.Stored,
                WroteOnAcceptance = row.Wrote,
                Steps = StepRun.InOrder(workflow, stepsOf[row.Id]),
                Seen = seen.Contains(row.Id),
            };
        }

        foreach (var id in unknown.Keys)
            loaded.Remove(id);
        return new SqlTransitionBatch(pinned, connection, loaded, unknown, now, downtime);

        // Row by row, so that an unreadable row does not affect the others.
        void Try(Guid operation, Action read)
        {
            try
            {
                read();
            }
            catch (Exception error) when (UnreadableRows.Is(error))
            {
                unknown.TryAdd(operation, error.Message);
            }
        }
    }

    public DateTimeOffset Now { get; }

    public LoadedOperation? Find(Guid operationId) => operations.GetValueOrDefault(operationId);

    public string? WhyUnreadable(Guid operationId) => unreadable.GetValueOrDefault(operationId);

    public async Task CommitAsync(IReadOnlyList<OperationChange> changes, IReadOnlyList<Guid> sent, TimeSpan claim, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(locking);
        Add(batch, unreadable.Count == 0 ? null : UnreadableRows.PutOff(unreadable, Now));
        Add(batch, Rows(changes));
        Add(batch, Release(changes));
        Add(batch, StepRows.Upsert(changes, idle));
        Add(batch, Repeats(changes));
        Add(batch, History(changes));
        Add(batch, Outbox(changes, Now + claim));
        if (sent.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("delete from outbox where message_id = any($1)")
            {
                Parameters = { Parameter.Array(sent, id => id, NpgsqlDbType.Uuid) },
            });
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        committed = true;
    }

    // Uncommitted work is rolled back with its connection.
    public ValueTask DisposeAsync() => committed ? ValueTask.CompletedTask : pinned.DisposeAsync();

    private static void Add(NpgsqlBatch batch, NpgsqlBatchCommand? command)
    {
        if (command is not null)
            batch.BatchCommands.Add(command);
    }

    private NpgsqlBatchCommand? Rows(IReadOnlyList<OperationChange> changes)
    {
        var moved = changes.Where(c => c.Row is not null).ToList();
        var origins = moved.ConvertAll(c => FailureOrigin.Of(Find(c.OperationId), c));
        return moved.Count == 0 ? null : new NpgsqlBatchCommand(
            """
            update operations o set
                state = v.state, failure = v.failure::jsonb, next_due_at = v.due, slot = v.slot, cancellation = v.cancellation::jsonb,
                finished_at = case when v.state in ('completed', 'compensated', 'cancelled') then $5 end,
                failed_at = case when v.failure is not null then case when v.fails then $5 else o.failed_at end end,
                failed_step = case when v.failure is not null then case when v.fails then v.failed_step else o.failed_step end end,
                failed_back = case when v.failure is not null then case when v.fails then v.failed_back else o.failed_back end end
            from unnest($1, $2, $3, $4, $6, $7, $8, $9, $10) as v(id, state, failure, due, slot, cancellation, fails, failed_step, failed_back)
            where o.id = v.id
            """)
        {
            Parameters =
            {
                Parameter.Array(moved, c => c.OperationId, NpgsqlDbType.Uuid),
                Parameter.Array(moved, c => OperationStateNames.Of(c.Row!.State), NpgsqlDbType.Text),
                Parameter.Array(moved, c => Parameter.Json(c.Row!.Failure), NpgsqlDbType.Text),
                Parameter.Array(moved, c => c.Row!.DueAt, NpgsqlDbType.TimestampTz),
                new NpgsqlParameter { Value = Now },
                Parameter.Array(moved, c => Slots.Name(c.Row!.Slot), NpgsqlDbType.Text),
                Parameter.Array(moved, c => Parameter.Json(c.Row!.Cancellation), NpgsqlDbType.Text),
                Parameter.Array(origins, o => o is not null, NpgsqlDbType.Boolean),
                Parameter.Array(origins, o => o?.Step, NpgsqlDbType.Text),
                Parameter.Array(origins, o => o?.IsBack, NpgsqlDbType.Boolean),
            },
        };
    }

    // A stalled operation keeps its scopes, so that no other operation runs on its half-done work until an operator decides.
    private static NpgsqlBatchCommand? Release(IReadOnlyList<OperationChange> changes)
    {
        var ended = changes.Where(c => c.Row?.State.HasEnded() == true).ToList();
        return ended.Count == 0 ? null : new NpgsqlBatchCommand(
            """
            with waits as (delete from operation_scope_waits where operation_id = any($1))
            delete from operation_scopes where operation_id = any($1)
            """)
        {
            Parameters = { Parameter.Array(ended, c => c.OperationId, NpgsqlDbType.Uuid) },
        };
    }

    private NpgsqlBatchCommand? History(IReadOnlyList<OperationChange> changes)
    {
        var lines = changes.SelectMany(c => c.History.Where(line => !line.Repeats).Select((line, index) => (Change: c, Line: line, First: index == 0))).ToList();
        return lines.Count == 0 ? null : new NpgsqlBatchCommand(
            """
            insert into operation_history (operation_id, at, event, step, attempt, fence, data, message_id)
            select v.operation, $8, v.event, v.step, v.attempt, v.fence, v.data::jsonb, v.message
            from unnest($1, $2, $3, $4, $5, $6, $7) with ordinality as v(operation, event, step, attempt, fence, data, message, position)
            order by v.position
            """)
        {
            Parameters =
            {
                Parameter.Array(lines, l => l.Change.OperationId, NpgsqlDbType.Uuid),
                Parameter.Array(lines, l => l.Line.Event, NpgsqlDbType.Text),
                Parameter.Array(lines, l => l.Line.Step, NpgsqlDbType.Text),
                Parameter.Array(lines, l => l.Line.Attempt, NpgsqlDbType.Integer),
                Parameter.Array(lines, l => l.Line.Fence, NpgsqlDbType.Bigint),
                Parameter.Array(lines, l => Parameter.Json(l.Line.Data), NpgsqlDbType.Text),
                Parameter.Array(lines, l => l.First ? l.Change.MessageId : (Guid?)null, NpgsqlDbType.Uuid),
                new NpgsqlParameter { Value = Now },
            },
        };
    }

    // A repeated event updates the step's last line of the same event. It is not recorded in the inbox, because repeating it is harmless.
    private NpgsqlBatchCommand? Repeats(IReadOnlyList<OperationChange> changes)
    {
        var lines = changes.SelectMany(c => c.History.Where(line => line.Repeats).Select(line => (Change: c, Line: line))).ToList();
        return lines.Count == 0 ? null : new NpgsqlBatchCommand(
            """
            with v as (select * from unnest($1, $2, $3, $4, $5, $6) as v(operation, event, step, attempt, fence, data)),
            replaced as (
                update operation_history h set attempt = v.attempt, fence = v.fence, data = v.data::jsonb
                from v
                where h.operation_id = v.operation and h.id = (
                    select max(l.id) from operation_history l where l.operation_id = v.operation and l.event = v.event and l.step = v.step)
                returning h.operation_id, h.event, h.step)
            insert into operation_history (operation_id, at, event, step, attempt, fence, data)
            select v.operation, $7, v.event, v.step, v.attempt, v.fence, v.data::jsonb from v
            where not exists (select from replaced r where r.operation_id = v.operation and r.event = v.event and r.step = v.step)
            """)
        {
            Parameters =
            {
                Parameter.Array(lines, l => l.Change.OperationId, NpgsqlDbType.Uuid),
                Parameter.Array(lines, l => l.Line.Event, NpgsqlDbType.Text),
                Parameter.Array(lines, l => l.Line.Step, NpgsqlDbType.Text),
                Parameter.Array(lines, l => l.Line.Attempt, NpgsqlDbType.Integer),
                Parameter.Array(lines, l => l.Line.Fence, NpgsqlDbType.Bigint),
                Parameter.Array(lines, l => Parameter.Json(l.Line.Data), NpgsqlDbType.Text),
                new NpgsqlParameter { Value = Now },
            },
        };
    }

    private static NpgsqlBatchCommand? Outbox(IReadOnlyList<OperationChange> changes, DateTimeOffset claimedUntil)
    {
        var messages = changes.SelectMany(c => c.Messages).ToList();
        return messages.Count == 0 ? null : new NpgsqlBatchCommand(
            """
            insert into outbox (message_id, message_type, destination, body, claimed_until, traceparent)
            select v.id, v.type, v.queue, v.body, $5, v.trace from unnest($1, $2, $3, $4, $6) as v(id, type, queue, body, trace)
            """)
        {
            Parameters =
            {
                Parameter.Array(messages, m => m.Id, NpgsqlDbType.Uuid),
                Parameter.Array(messages, m => m.Type, NpgsqlDbType.Text),
                Parameter.Array(messages, m => m.Queue, NpgsqlDbType.Text),
                Parameter.Array(messages, m => m.Body, NpgsqlDbType.Text),
                new NpgsqlParameter { Value = claimedUntil },
                Parameter.Array(messages, m => m.TraceParent, NpgsqlDbType.Text),
            },
        };
    }

    private static StoredOperation Stored(NpgsqlDataReader row) => new(
        UnreadableRows.StateOf(row.GetString(1)),
        row.IsDBNull(4) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(4), Json.Options),
        row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5),
        Slots.Read(row.GetString(6)))
    {
        Cancellation = row.IsDBNull(7) ? null : JsonSerializer.Deserialize<Cancellation>(row.GetString(7), Json.Options),
    };
}
