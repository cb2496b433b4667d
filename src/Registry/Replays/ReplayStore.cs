using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Schedule;
using Saga.Registry.Transitions;

namespace Saga.Registry.Replays;

/// <summary>
/// Writes operators' orders for stalled operations: the history line, the audit line and the message to the operation in one transaction,
/// which locks the operation's row first, like a transition. Thread-safe; of several orders based on the same version, one is written.
/// </summary>
public sealed class ReplayStore(NpgsqlDataSource registry, EngineLevel level, RegistryNotifier notifier, RegistryClock clock)
{
    private readonly WorkflowCache workflows = new(level);

    /// <summary>What <see cref="WriteAsync"/> would do now. Locks nothing, so it delays no transition.</summary>
    /// <returns>Null when there is no such operation.</returns>
    public async Task<ReplayReading?> PlanAsync(ReplayOperation command, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        return await ReadAsync(transaction, command, actor: null, cancellationToken);
    }

    /// <param name="command">The order; its texts are checked.</param>
    /// <param name="actor">Who orders, as in the audit log.</param>
    /// <param name="allows">Whether an order that would be accepted may be written.</param>
    /// <param name="claim">Of a scheduled order: it is marked as submitted in the same transaction, or nothing is written.</param>
    /// <param name="followUps">What is scheduled with the order, at the registry's time; null for nothing.</param>
    /// <param name="parent">Of an item of a batch: the operation that stands for the batch, which must not have been told to end; null for none.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <exception cref="PostgresException"><see cref="ScheduleStore.ClaimLost"/>: the claim was lost. Nothing was written.</exception>
    /// <returns>Null when there is no such operation. Only <see cref="ReplayResult.Accepted"/> means that something was written, if it was allowed.</returns>
    public async Task<ReplayReading?> WriteAsync(ReplayOperation command, string actor, Func<ReplayReading, bool> allows, ScheduleClaim? claim, Func<ReplayReading, DateTimeOffset, IReadOnlyList<ScheduledCommand>>? followUps, Guid? parent, CancellationToken cancellationToken)
    {
        ReplayReading? reading;
        var now = claim is null && followUps is null ? default : await clock.NowAsync(registry, cancellationToken);
        await using (var connection = await registry.OpenConnectionAsync(cancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            reading = await ReadAsync(transaction, command, actor, cancellationToken);
            if (reading is not { Result: ReplayResult.Accepted, Answer: ReplayAnswer.Planned { Plan: var plan } } || !allows(reading))
                return reading;
            if (parent is { } batch && !await BeginsItemsAsync(transaction, batch, cancellationToken))
                return reading with { Result = ReplayResult.Refused, Answer = new ReplayAnswer.Refused("The batch has ended, so nothing of it begins any more.") };
            await WriteAsync(transaction, command, actor, reading, plan, claim, now, followUps?.Invoke(reading, now) ?? [], cancellationToken);
            // Not cancelled with the caller, because then it would be unknown whether the commit happened.
            await transaction.CommitAsync(CancellationToken.None);
        }

        notifier.Notify(RegistryChannels.Outbox);
        return reading;
    }

    /// <summary>An operation that was compensated or cancelled, with its command.</summary>
    /// <returns>Null when there is no such operation, or it is in another state.</returns>
    public async Task<EndedOperation?> FindEndedAsync(Guid operation, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            """
            select o.kind, o.tenant_id, o.input, (select coalesce(max(h.id), 0) from operation_history h where h.operation_id = o.id), replay.id, replay.state
            from operations o
                left join lateral (select r.id, r.state from operations r where r.replay_of = o.id order by r.created_at desc limit 1) replay on true
            where o.id = $1 and o.state in ('compensated', 'cancelled')
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(operation, row.GetString(0), row.IsDBNull(1) ? null : new TenantId(row.GetGuid(1)), JsonElement.Parse(row.GetString(2)), row.GetInt64(3))
            {
                Replay = row.IsDBNull(4) || row.GetString(5) is "compensated" or "cancelled" ? null : row.GetGuid(4),
            }
            : null;
    }

    // The order to abort the batch waits, or has come first.
    private static async Task<bool> BeginsItemsAsync(NpgsqlTransaction transaction, Guid parent, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand("select state in ('running', 'paused') from batches where operation_id = $1 for share", transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = parent } },
        };
        return await find.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static ReplayOrder OrderOf(ReplayOperation command) => new() { Mode = command.Mode, From = command.From, Skip = command.Skip, States = command.States };

    private async Task<ReplayReading?> ReadAsync(NpgsqlTransaction transaction, ReplayOperation command, string? actor, CancellationToken cancellationToken)
    {
        if (await FindAsync(transaction, command.OperationId, locks: actor is not null, cancellationToken) is not { } row)
            return null;
        // In statements of their own after the lock, because a statement that waits for the lock sees the data from before it waited.
        var steps = new List<StepRun>();
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                CommandLedger.Statement("select coalesce(max(id), 0) from operation_history where operation_id = $1", command.OperationId),
                CommandLedger.Statement(
                    $"""
                    select exists (select from operation_history where operation_id = $1 and event = '{HistoryEvents.ReplayRequested}' and data ->> 'by' = $2 and data ->> 'key' = $3)
                    """,
                    command.OperationId, actor ?? "", command.IdempotencyKey ?? ""),
                StepRows.Select([command.OperationId]),
            },
        };
        try
        {
            long version;
            await using (var rows = await batch.ExecuteReaderAsync(cancellationToken))
            {
                await rows.ReadAsync(cancellationToken);
                version = rows.GetInt64(0);
                await rows.NextResultAsync(cancellationToken);
                await rows.ReadAsync(cancellationToken);
                if (rows.GetBoolean(0) && actor is not null && command.IdempotencyKey is not null)
                    return new(command.OperationId, ReplayResult.Repeated, version, row.TenantId, row.Kind, null);
                if (command.ExpectedVersion is { } expected && expected != version)
                    return new(command.OperationId, ReplayResult.Moved, version, row.TenantId, row.Kind, null);
                await rows.NextResultAsync(cancellationToken);
                while (await rows.ReadAsync(cancellationToken))
                    steps.Add(StepRows.Read(rows).Step);
            }

            var workflow = await workflows.FindAsync(transaction.Connection!, row.Workflow, cancellationToken);
            var progress = new Progress(UnreadableRows.StateOf(row.State), StepRun.InOrder(workflow, steps), null) { WroteOnAcceptance = row.WroteOnAcceptance };
            var answer = ReplayRules.Plan(workflow, progress, OrderOf(command));
            return new(
                command.OperationId,
                answer switch
                {
                    ReplayAnswer.Planned { Plan.Digest: var digest } when command.Plan is null || command.Plan == digest => ReplayResult.Accepted,
                    ReplayAnswer.Planned => ReplayResult.Moved,
                    _ => ReplayResult.Refused,
                },
                version, row.TenantId, row.Kind, answer)
            {
                Workflow = workflow,
            };
        }
        catch (Exception error) when (UnreadableRows.Is(error))
        {
            return new(command.OperationId, ReplayResult.Refused, 0, row.TenantId, row.Kind, new ReplayAnswer.Refused($"This version cannot read the operation: {error.Message} Ask a newer version."));
        }
    }

    private static async Task<OperationRow?> FindAsync(NpgsqlTransaction transaction, Guid operation, bool locks, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(
            $"select state, workflow_digest, tenant_id, wrote_on_acceptance, kind from operations where id = $1 {(locks ? "for no key update" : "")}", transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = operation } },
        };
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : new TenantId(row.GetGuid(2)), row.GetBoolean(3), row.GetString(4))
            : null;
    }

    private static async Task WriteAsync(NpgsqlTransaction transaction, ReplayOperation command, string actor, ReplayReading reading, ReplayPlan plan, ScheduleClaim? claim, DateTimeOffset now, IReadOnlyList<ScheduledCommand> followUps, CancellationToken cancellationToken)
    {
        var order = OrderOf(command);
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        batch.BatchCommands.Add(CommandLedger.Statement(
            "insert into operation_history (operation_id, at, event, data) values ($1, clock_timestamp(), $2, $3::jsonb)",
            command.OperationId, HistoryEvents.ReplayRequested,
            JsonSerializer.Serialize(new { by = actor, command.Reason, order, plan = plan.Digest, key = command.IdempotencyKey }, Json.Options)));
        batch.BatchCommands.Add(ReplayCheckRows.OrderCommand(command.OperationId, reading.Workflow!, plan.Direction == Direction.Back, actor));
        batch.BatchCommands.Add(CommandLedger.Statement(
            "insert into audit (actor, action, tenant_id, operation_id, detail, origin) select $2, $3, tenant_id, id, $4::jsonb, $5 from operations where id = $1",
            command.OperationId, actor, AuditActions.OperationReplay,
            JsonSerializer.Serialize(new { command.Reason, order, steps = plan.Steps, plan = plan.Digest, requestedBy = claim?.RequestedBy, approvedBy = claim?.Approver }, Json.Options), AuditOrigin.Current));
        batch.BatchCommands.Add(OutboxWriter.SendCommand(
            Endpoints.Orders, new ReplayRequested { OperationId = command.OperationId, Actor = actor, Reason = command.Reason, Order = order, Plan = plan.Digest }));
        if (claim is not null)
            batch.BatchCommands.Add(ScheduleStore.SubmitCommand(claim, command.OperationId, now));
        foreach (var statement in followUps.SelectMany(f => ScheduleStore.AddCommands(f)))
            batch.BatchCommands.Add(statement);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record OperationRow(string State, string Workflow, TenantId? TenantId, bool WroteOnAcceptance, string Kind);
}
