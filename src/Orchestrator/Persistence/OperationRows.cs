using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;
using Saga.Registry;
using Saga.Registry.Operations;

namespace Saga.Orchestrator.Persistence;

/// <summary>
/// The SQL of transitions: two round trips, whatever the number that share a transaction. The first begins it, looks the
/// messages up, locks the operations in the order of their ids and reads their steps; the second writes and commits.
/// </summary>
internal sealed class OperationRows(TimeProvider time, int outboxClaimSeconds)
{
    private readonly ConcurrentDictionary<string, WorkflowDefinition> workflows = new(StringComparer.Ordinal);

    /// <returns>By operation: where it stands, and whether its message changed it before.</returns>
    public async Task<IReadOnlyDictionary<Guid, (OperationSaga Saga, bool Seen)>> BeginAsync(
        NpgsqlConnection connection, IReadOnlyList<Transition> transitions, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("begin"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select o.id, o.state, o.tenant_id, o.workflow_digest, o.failure, o.next_due_at,
                exists (select from operation_history h where h.message_id = v.message) as seen
            from unnest($1, $2) as v(operation, message) join operations o on o.id = v.operation
            order by o.id for no key update of o
            """)
        {
            Parameters =
            {
                Parameter.Array(transitions, t => t.OperationId, NpgsqlDbType.Uuid),
                Parameter.Array(transitions, t => t.MessageId, NpgsqlDbType.Uuid),
            },
        });
        // After the lock: nobody else changes them now.
        batch.BatchCommands.Add(StepRows.Select(transitions.Select(t => t.OperationId)));

        var rows = new List<(Guid Id, Guid Tenant, string Workflow, StoredOperation Stored, bool Seen)>();
        var steps = new List<(Guid Operation, StepRun Step)>();
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                rows.Add((reader.GetGuid(0), reader.GetGuid(2), reader.GetString(3), Stored(reader), reader.GetBoolean(6)));
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                steps.Add(StepRows.Read(reader));
        }

        var stepsOf = steps.ToLookup(s => s.Operation, s => s.Step);
        var loaded = new Dictionary<Guid, (OperationSaga Saga, bool Seen)>();
        foreach (var row in rows)
        {
            var workflow = await WorkflowAsync(connection, row.Workflow, cancellationToken);
            loaded[row.Id] = (new OperationSaga
            {
                CorrelationId = row.Id,
                CurrentState = row.Stored.State.ToString(),
                TenantId = new TenantId(row.Tenant),
                Workflow = workflow,
                Steps = StepRun.InOrder(workflow, stepsOf[row.Id]),
                Failure = row.Stored.Failure,
                Stored = row.Stored,
            }, row.Seen);
        }

        return loaded;
    }

    public async Task CommitAsync(
        NpgsqlConnection connection, IReadOnlyList<Transition> transitions, IReadOnlyList<Guid> sent, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var changed = transitions.Where(t => t.Changes).ToList();
        var moved = transitions.Where(t => t.Moves).Select(t => t.Saga!).ToList();
        var lines = changed.SelectMany(t => t.Saga!.Decision!.History.Select((line, index) => (Transition: t, Line: line, First: index == 0))).ToList();
        var messages = changed.SelectMany(t => t.Outgoing).ToList();

        await using var batch = new NpgsqlBatch(connection);
        if (moved.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                update operations o set
                    state = v.state, failure = v.failure::jsonb, next_due_at = v.due,
                    finished_at = case when v.state in ('completed', 'compensated', 'cancelled') then $5 end
                from unnest($1, $2, $3, $4) as v(id, state, failure, due)
                where o.id = v.id
                """)
            {
                Parameters =
                {
                    Parameter.Array(moved, s => s.CorrelationId, NpgsqlDbType.Uuid),
                    Parameter.Array(moved, s => Name(s.Decision!.After.State), NpgsqlDbType.Text),
                    Parameter.Array(moved, s => Parameter.Json(s.Failure), NpgsqlDbType.Text),
                    Parameter.Array(moved, s => s.DueAt, NpgsqlDbType.TimestampTz),
                    new NpgsqlParameter { Value = now },
                },
            });
        }

        if (changed.Count > 0)
        {
            batch.BatchCommands.Add(StepRows.Upsert(changed.Select(t => t.Saga!)));
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                insert into operation_history (operation_id, at, event, step, attempt, fence, data, message_id)
                select v.operation, $8, v.event, v.step, v.attempt, v.fence, v.data::jsonb, v.message
                from unnest($1, $2, $3, $4, $5, $6, $7) with ordinality as v(operation, event, step, attempt, fence, data, message, position)
                order by v.position
                """)
            {
                Parameters =
                {
                    Parameter.Array(lines, l => l.Transition.OperationId, NpgsqlDbType.Uuid),
                    Parameter.Array(lines, l => l.Line.Event, NpgsqlDbType.Text),
                    Parameter.Array(lines, l => l.Line.Step, NpgsqlDbType.Text),
                    Parameter.Array(lines, l => l.Line.Attempt, NpgsqlDbType.Integer),
                    Parameter.Array(lines, l => l.Line.Fence, NpgsqlDbType.Bigint),
                    Parameter.Array(lines, l => Parameter.Json(l.Line.Data), NpgsqlDbType.Text),
                    Parameter.Array(lines, l => l.First ? l.Transition.MessageId : (Guid?)null, NpgsqlDbType.Uuid),
                    new NpgsqlParameter { Value = now },
                },
            });
        }

        if (messages.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                insert into outbox (message_id, message_type, destination, body, claimed_until, traceparent)
                select v.id, v.type, v.queue, v.body, now() + $5, v.trace from unnest($1, $2, $3, $4, $6) as v(id, type, queue, body, trace)
                """)
            {
                Parameters =
                {
                    Parameter.Array(messages, m => m.Id, NpgsqlDbType.Uuid),
                    Parameter.Array(messages, m => m.Type, NpgsqlDbType.Text),
                    Parameter.Array(messages, m => m.Queue, NpgsqlDbType.Text),
                    Parameter.Array(messages, m => m.Body, NpgsqlDbType.Text),
                    new NpgsqlParameter { Value = TimeSpan.FromSeconds(outboxClaimSeconds) },
                    Parameter.Array(messages, m => m.TraceParent, NpgsqlDbType.Text),
                },
            });
        }

        if (sent.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("delete from outbox where message_id = any($1)")
            {
                Parameters = { Parameter.Array(sent, id => id, NpgsqlDbType.Uuid) },
            });
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<WorkflowDefinition> WorkflowAsync(NpgsqlConnection connection, string digest, CancellationToken cancellationToken)
    {
        if (workflows.TryGetValue(digest, out var known))
            return known;
        await using var command = new NpgsqlCommand("select definition from workflows where digest = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = digest });
        var text = (string?)await command.ExecuteScalarAsync(cancellationToken)
            ?? throw new InvalidOperationException($"Workflow {digest} is not in the registry.");
        return workflows[digest] = JsonSerializer.Deserialize<WorkflowDefinition>(text, Json.Options)!;
    }

    private static StoredOperation Stored(NpgsqlDataReader row) => new(
        Enum.Parse<OperationState>(row.GetString(1), ignoreCase: true),
        row.IsDBNull(4) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(4), Json.Options),
        row.IsDBNull(5) ? null : row.GetFieldValue<DateTimeOffset>(5));

    private static string Name(OperationState state) => state.ToString().ToLowerInvariant();
}
