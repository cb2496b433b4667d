using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Transitions;

namespace Saga.Registry.Waits;

/// <summary>The SQL of answers. It locks the operation's row first, like a transition.</summary>
public sealed class SqlWaitStore(NpgsqlDataSource registry, RegistryClock clock, EngineLevel level) : IWaitStore
{
    private readonly WorkflowCache workflows = new(level);

    public async Task<WaitMatch?> AnswerAsync(Guid operation, WaitRequest request, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(transaction, operation, cancellationToken) is not { } row)
            return null;
        WaitMatch match;
        DateTimeOffset now;
        try
        {
            var workflow = await workflows.FindAsync(connection, row.Workflow, cancellationToken);
            (var steps, now) = await StepsAsync(transaction, operation, workflow, cancellationToken);
            match = WaitRules.Match(workflow, UnreadableRows.StateOf(row.State), steps, request);
        }
        catch (Exception error) when (UnreadableRows.Is(error))
        {
            return new WaitMatch.Unmatched($"This version cannot read the operation: {error.Message} Ask a newer version.");
        }

        if (match is not WaitMatch.Found found)
            return match;
        await WriteAsync(transaction, operation, found, request with { Answer = request.Answer with { At = now } }, cancellationToken);
        // Not cancelled with the caller, because then it would be unknown whether the commit happened.
        await transaction.CommitAsync(CancellationToken.None);
        return match;
    }

    private static async Task<(string State, string Workflow)?> LockAsync(NpgsqlTransaction transaction, Guid operation, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand("select state, workflow_digest from operations where id = $1 for no key update", transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = operation } },
        };
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetString(0), row.GetString(1)) : null;
    }

    // In statements of their own after the lock, because a statement that waits for the lock sees the data from before it waited.
    private async Task<(IReadOnlyList<StepRun> Steps, DateTimeOffset Now)> StepsAsync(
        NpgsqlTransaction transaction, Guid operation, WorkflowDefinition workflow, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands = { StepRows.Select([operation]), new NpgsqlBatchCommand("select clock_timestamp()") },
        };
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        var steps = new List<StepRun>();
        while (await rows.ReadAsync(cancellationToken))
            steps.Add(StepRows.Read(rows).Step);
        await rows.NextResultAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        return (StepRun.InOrder(workflow, steps), rows.GetFieldValue<DateTimeOffset>(0) + clock.Offset);
    }

    private static async Task WriteAsync(NpgsqlTransaction transaction, Guid operation, WaitMatch.Found found, WaitRequest request, CancellationToken cancellationToken)
    {
        var answer = request.Answer;
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        // An operation that queues for a slot is woken when it gets one, and a stalled one by an operator.
        if (found.Awaiting)
        {
            Add(batch, "update operations set next_due_at = least(next_due_at, $2) where id = $1 and state = 'running' and slot <> 'queued'", operation, answer.At);
        }

        Add(batch,
            """
            insert into operation_steps as s (operation_id, step, status, fence, answer) values ($1, $2, 'pending', 0, $3::jsonb)
            on conflict (operation_id, step) do update set answer = excluded.answer, due_at = case when $5 then $4 else s.due_at end
            """,
            operation, found.Step, JsonSerializer.Serialize(answer, Json.Options), answer.At, found.Awaiting);
        Add(batch, "insert into operation_history (operation_id, at, event, step, data) values ($1, $2, $3, $4, $5::jsonb)",
            operation, answer.At, HistoryEvents.WaitAnswered, found.Step, JsonSerializer.Serialize(WaitHistory.Of(request), Json.Options));
        Add(batch,
            """
            insert into audit (at, actor, action, tenant_id, operation_id, detail, origin)
            select $2, $3, $4, tenant_id, id, $5::jsonb, $6 from operations where id = $1
            """,
            operation, answer.At, answer.By, AuditActions.OfWait(answer.Kind),
            JsonSerializer.Serialize(new { found.Step, request.Signal, answer.Reason }, Json.Options), AuditOrigin.Current);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Add(NpgsqlBatch batch, string sql, params object?[] values) => batch.BatchCommands.Add(CommandLedger.Statement(sql, values));
}
