using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Contracts.Workflows;
using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;
using Saga.Registry;
using Saga.Registry.Operations;

namespace Saga.Orchestrator.Persistence;

/// <summary>
/// The SQL of transitions: two round trips, whatever the number that share a transaction. The first begins it,
/// locks the operations in the order of their ids and looks the messages up; the second writes and commits.
/// </summary>
internal sealed class OperationRows(TimeProvider time, int outboxClaimSeconds)
{
    private readonly ConcurrentDictionary<string, WorkflowDefinition> workflows = new(StringComparer.Ordinal);

    public async Task<(Dictionary<Guid, OperationSaga> Sagas, HashSet<Guid> Seen)> BeginAsync(
        NpgsqlConnection connection, IReadOnlyList<Transition> transitions, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("begin"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select message_id from operation_history where message_id = any($1)")
        {
            Parameters = { Array(transitions, t => t.MessageId, NpgsqlDbType.Uuid) },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select id, state, tenant_id, workflow_digest, steps, failure, next_due_at from operations
            where id = any($1) order by id for no key update
            """)
        {
            Parameters = { Array(transitions, t => t.OperationId, NpgsqlDbType.Uuid) },
        });

        var seen = new HashSet<Guid>();
        var rows = new List<(Guid Id, string State, Guid Tenant, string Workflow, string Steps, string? Failure, DateTimeOffset? Due)>();
        await using (var reader = await batch.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
                seen.Add(reader.GetGuid(0));
            await reader.NextResultAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                rows.Add((reader.GetGuid(0), reader.GetString(1), reader.GetGuid(2), reader.GetString(3), reader.GetString(4),
                    await reader.IsDBNullAsync(5, cancellation) ? null : reader.GetString(5),
                    await reader.IsDBNullAsync(6, cancellation) ? null : reader.GetFieldValue<DateTimeOffset>(6)));
            }
        }

        var sagas = new Dictionary<Guid, OperationSaga>();
        foreach (var row in rows)
        {
            sagas[row.Id] = new OperationSaga
            {
                CorrelationId = row.Id,
                CurrentState = Enum.Parse<OperationState>(row.State, ignoreCase: true).ToString(),
                TenantId = new TenantId(row.Tenant),
                Workflow = await WorkflowAsync(connection, row.Workflow, cancellation),
                Steps = JsonSerializer.Deserialize<List<StepRun>>(row.Steps, Json.Options)!,
                Failure = row.Failure is null ? null : JsonSerializer.Deserialize<Failure>(row.Failure, Json.Options),
                StoredDueAt = row.Due,
            };
        }

        return (sagas, seen);
    }

    public async Task CommitAsync(
        NpgsqlConnection connection, IReadOnlyList<Transition> changed, IReadOnlyList<Transition> wokenTooSoon, IReadOnlyList<Guid> sent,
        CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var sagas = changed.Select(t => t.Saga!).ToList();
        var lines = changed.SelectMany(t => t.Saga!.Decision!.History.Select((line, index) => (Transition: t, Line: line, First: index == 0))).ToList();
        var dispatches = sagas.SelectMany(s => s.Decision!.Dispatches.Select(d => (Saga: s, Dispatch: d))).ToList();
        var settlements = sagas.SelectMany(s => s.Decision!.Settlements.Select(x => (Saga: s, Settlement: x))).ToList();
        var messages = changed.SelectMany(t => t.Outgoing).ToList();

        await using var batch = new NpgsqlBatch(connection);
        if (sagas.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                update operations o set
                    state = v.state, steps = v.steps::jsonb, failure = v.failure::jsonb, next_due_at = v.due, updated_at = $6,
                    finished_at = case when v.state in ('completed', 'compensated', 'cancelled') then $6 end, version = o.version + 1
                from unnest($1, $2, $3, $4, $5) as v(id, state, steps, failure, due)
                where o.id = v.id
                """)
            {
                Parameters =
                {
                    Array(sagas, s => s.CorrelationId, NpgsqlDbType.Uuid),
                    Array(sagas, s => Name(s.Decision!.After.State), NpgsqlDbType.Text),
                    Array(sagas, s => JsonSerializer.Serialize(s.Steps, Json.Options), NpgsqlDbType.Text),
                    Array(sagas, s => s.Failure is null ? null : JsonSerializer.Serialize(s.Failure, Json.Options), NpgsqlDbType.Text),
                    Array(sagas, DueAt, NpgsqlDbType.TimestampTz),
                    new NpgsqlParameter { Value = now },
                },
            });
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
                    Array(lines, l => l.Transition.OperationId, NpgsqlDbType.Uuid),
                    Array(lines, l => l.Line.Event, NpgsqlDbType.Text),
                    Array(lines, l => l.Line.Step, NpgsqlDbType.Text),
                    Array(lines, l => l.Line.Attempt, NpgsqlDbType.Integer),
                    Array(lines, l => l.Line.Fence, NpgsqlDbType.Bigint),
                    Array(lines, l => l.Line.Data is null ? null : JsonSerializer.Serialize(l.Line.Data, Json.Options), NpgsqlDbType.Text),
                    Array(lines, l => l.First ? l.Transition.MessageId : (Guid?)null, NpgsqlDbType.Uuid),
                    new NpgsqlParameter { Value = now },
                },
            });
        }

        if (wokenTooSoon.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                "update operations o set next_due_at = v.due from unnest($1, $2) as v(id, due) where o.id = v.id")
            {
                Parameters =
                {
                    Array(wokenTooSoon, t => t.OperationId, NpgsqlDbType.Uuid),
                    Array(wokenTooSoon, t => t.Saga!.Decision!.After.NextDueAt, NpgsqlDbType.TimestampTz),
                },
            });
        }

        if (settlements.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                update step_leases l set
                    settled = true,
                    holder     = case when l.held_fence = v.fence then null else l.holder end,
                    expires_at = case when l.held_fence = v.fence then null else l.expires_at end
                from unnest($1, $2, $3) as v(operation, step, fence)
                where l.operation_id = v.operation and l.step = v.step and l.fence = v.fence
                """)
            {
                Parameters =
                {
                    Array(settlements, s => s.Saga.CorrelationId, NpgsqlDbType.Uuid),
                    Array(settlements, s => s.Settlement.Step, NpgsqlDbType.Text),
                    Array(settlements, s => s.Settlement.Fence, NpgsqlDbType.Bigint),
                },
            });
        }

        if (dispatches.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                insert into step_leases (operation_id, step, fence) select * from unnest($1, $2, $3)
                on conflict (operation_id, step) do update set fence = excluded.fence, settled = false
                """)
            {
                Parameters =
                {
                    Array(dispatches, d => d.Saga.CorrelationId, NpgsqlDbType.Uuid),
                    Array(dispatches, d => d.Dispatch.Step, NpgsqlDbType.Text),
                    Array(dispatches, d => d.Dispatch.Fence, NpgsqlDbType.Bigint),
                },
            });
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                insert into outbox (message_id, message_type, destination, body, claimed_until, traceparent)
                select v.id, v.type, v.queue, v.body, now() + $5, v.trace from unnest($1, $2, $3, $4, $6) as v(id, type, queue, body, trace)
                """)
            {
                Parameters =
                {
                    Array(messages, m => m.Id, NpgsqlDbType.Uuid),
                    Array(messages, m => m.Type, NpgsqlDbType.Text),
                    Array(messages, m => m.Queue, NpgsqlDbType.Text),
                    Array(messages, m => m.Body, NpgsqlDbType.Text),
                    new NpgsqlParameter { Value = TimeSpan.FromSeconds(outboxClaimSeconds) },
                    Array(messages, m => m.TraceParent, NpgsqlDbType.Text),
                },
            });
        }

        if (sent.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("delete from outbox where message_id = any($1)")
            {
                Parameters = { Array(sent, id => id, NpgsqlDbType.Uuid) },
            });
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<WorkflowDefinition> WorkflowAsync(NpgsqlConnection connection, string digest, CancellationToken cancellation)
    {
        if (workflows.TryGetValue(digest, out var known))
            return known;
        await using var command = new NpgsqlCommand("select definition from workflows where digest = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = digest });
        var text = (string?)await command.ExecuteScalarAsync(cancellation)
            ?? throw new InvalidOperationException($"Workflow {digest} is not in the registry.");
        return workflows[digest] = JsonSerializer.Deserialize<WorkflowDefinition>(text, Json.Options)!;
    }

    // A wake that comes too soon changes nothing, and is put off then. Until then the time stays, and with it the row's
    // indexes: most operations end before the sweeper ever looks.
    private static DateTimeOffset? DueAt(OperationSaga saga) =>
        saga.Decision!.After.NextDueAt is { } needed && saga.StoredDueAt is { } stored && stored <= needed ? stored : saga.Decision!.After.NextDueAt;

    private static string Name(OperationState state) => state.ToString().ToLowerInvariant();

    private static NpgsqlParameter Array<TSource, TValue>(IEnumerable<TSource> source, Func<TSource, TValue> value, NpgsqlDbType type) =>
        new() { Value = source.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };
}
