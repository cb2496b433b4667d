using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Audit;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Replays;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Registry.Intake;

/// <summary>The SQL of acceptance.</summary>
public sealed class CommandLedger(NpgsqlDataSource registry, RegistryNotifier notifier, RegistryClock clock) : IAcceptanceStore
{
    private const string OneReplay = "operations_replay";

    public async Task<KnownCommand?> FindAsync(string caller, string key, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            """
            select k.request_hash, o.id, o.tenant_id from idempotency_keys k join operations o on o.id = k.operation_id
            where k.caller = $1 and k.key = $2
            """);
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new(row.GetFieldValue<byte[]>(0), row.GetGuid(1), row.IsDBNull(2) ? null : new TenantId(row.GetGuid(2)))
            : null;
    }

    public async Task<ScopeHolder?> FindHolderAsync(IReadOnlyCollection<string> scopes, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"{OperationScopes.Holders} limit 1");
        find.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. scopes] });
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.Empty });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? OperationScopes.Read(row) : null;
    }

    public async Task<AcceptanceConflict?> AcceptAsync(TenantId? existing, Func<Tenant?, DateTimeOffset, Acceptance?> decide, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var tenant = existing is { } id ? await TenantStore.LockAsync(connection, transaction, id, cancellationToken) : null;
        if (decide(tenant, await NowAsync(transaction, cancellationToken)) is not { } acceptance)
            return null;
        if (acceptance.ParentId is { } parent && !await BecomeParentAsync(transaction, parent, cancellationToken))
            return new AcceptanceConflict.ParentEnded(parent);
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            Fill(batch, acceptance);
            // An operation that waits for a slot is woken when it is admitted. Whether one that may wait for its scopes has to is known below.
            if (acceptance is { NeedsSlot: false, Wait: null })
                batch.BatchCommands.Add(OutboxWriter.SendCommand(Endpoints.Operations, new OperationSubmitted { OperationId = acceptance.OperationId }));
            try
            {
                await batch.ExecuteNonQueryAsync(cancellationToken);
            }
            catch (PostgresException error) when (error is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: OneReplay } && acceptance.ReplayOf is { } ended)
            {
                return new AcceptanceConflict.Replayed(ended.Id);
            }
        }

        if (await OperationScopes.TakeAsync(transaction, acceptance.OperationId, acceptance.Scopes, cancellationToken) is { } holder)
        {
            if (acceptance.Wait is not { } wait)
                return new AcceptanceConflict.ScopeTaken(holder);
            await ScopeWaitRows.BeginAsync(transaction, acceptance, wait, holder, cancellationToken);
        }
        else if (acceptance is { NeedsSlot: false, Wait: not null })
        {
            await OutboxWriter.SendAsync(transaction, Endpoints.Operations, new OperationSubmitted { OperationId = acceptance.OperationId }, cancellationToken);
        }

        using (IntakeTelemetry.Source.StartActivity(IntakeTelemetry.Commit))
        {
            // Not cancelled with the caller, because then it would be unknown whether the commit happened.
            await transaction.CommitAsync(CancellationToken.None);
        }

        notifier.Notify(RegistryChannels.Outbox);
        return null;
    }

    private async Task<DateTimeOffset> NowAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        // Not the transaction's start time, because it may have waited for the tenant's row.
        await using var ask = new NpgsqlCommand("select clock_timestamp()", transaction.Connection, transaction);
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetFieldValue<DateTimeOffset>(0) + clock.Offset;
    }

    // With its first child a parent gives its slot back, or no longer waits for one, so that its children cannot wait for it. Later
    // children take a shared lock and do not wait for each other. The transition that ends the parent waits, or has come first.
    private async Task<bool> BecomeParentAsync(NpgsqlTransaction transaction, Guid operation, CancellationToken cancellationToken)
    {
        await using var find = new NpgsqlCommand(
            """
            update operations set slot = 'exempt', next_due_at = case when slot = 'queued' then now() + @offset else next_due_at end
            where id = @id and finished_at is null and slot not in ('exempt', 'waiting');
            select finished_at is null from operations where id = @id for share;
            """,
            transaction.Connection, transaction)
        {
            Parameters = { new NpgsqlParameter("id", operation), new NpgsqlParameter("offset", clock.Offset) },
        };
        return await find.ExecuteScalarAsync(cancellationToken) is true;
    }

    private void Fill(NpgsqlBatch batch, Acceptance acceptance)
    {
        Add(batch, "insert into workflows (digest, kind, version, definition) values ($1, $2, $3, $4::jsonb) on conflict (digest) do nothing",
            acceptance.Workflow.Digest, acceptance.Workflow.Definition.Kind, acceptance.Workflow.Definition.Version, acceptance.Workflow.Json);
        // First, so that a command that was cancelled changes nothing and waits for nothing.
        if (acceptance.Claim is { } claim)
            batch.BatchCommands.Add(ScheduleStore.SubmitCommand(claim, acceptance.OperationId, acceptance.At));
        foreach (var effect in acceptance.Effects)
            batch.BatchCommands.Add(effect);
        Add(batch,
            """
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by, created_at, traceparent, priority, slot, next_due_at, slot_since, parent_id, wrote_on_acceptance, replay_of)
            values ($1, $2, $3, $4, 'accepted', $5::jsonb, $6, $7, $8, $9,
                case when $10 then 'queued' else 'exempt' end, case when not $10 then now() + $11 + interval '30 seconds' end, now() + $11, $12, $13, $14)
            """,
            acceptance.OperationId, acceptance.Workflow.Definition.Kind, Id(acceptance.TenantId?.Value), acceptance.Workflow.Digest, acceptance.Input,
            acceptance.Caller, acceptance.At, TraceContext.Current, OperationStore.Name(acceptance.Priority), acceptance.NeedsSlot,
            clock.Offset, Id(acceptance.ParentId), acceptance.Effects.Count > 0, Id(acceptance.ReplayOf?.Id));
        Add(batch, "insert into operation_history (operation_id, at, event, data) values ($1, $2, $3, $4::jsonb)", acceptance.OperationId, acceptance.At, HistoryEvents.Accepted,
            acceptance.ReplayOf is { } of ? JsonSerializer.Serialize(new { replayOf = of.Id, of.Reason }, Json.Options) : null);
        Add(batch, "insert into audit (at, actor, action, tenant_id, operation_id, detail, origin) values ($1, $2, $3, $4, $5, $6::jsonb, $7)",
            acceptance.At, acceptance.Caller, acceptance.AuditAction, Id(acceptance.TenantId?.Value), acceptance.OperationId, acceptance.AuditDetail, AuditOrigin.Current);
        if (acceptance.ReplayOf is { } ended)
        {
            batch.BatchCommands.Add(ReplayCheckRows.OperationCommand(acceptance.OperationId, acceptance.Workflow.Definition, acceptance.Caller, acceptance.At));
            Add(batch, "insert into audit (at, actor, action, tenant_id, operation_id, detail, origin) values ($1, $2, $3, $4, $5, $6::jsonb, $7)",
                acceptance.At, acceptance.Caller, AuditActions.OperationReplay, Id(acceptance.TenantId?.Value), ended.Id,
                JsonSerializer.Serialize(new { ended.Reason, operation = acceptance.OperationId }, Json.Options), AuditOrigin.Current);
        }

        if (acceptance.Key is { } key)
        {
            Add(batch, "insert into idempotency_keys (caller, key, request_hash, operation_id, created_at) values ($1, $2, $3, $4, $5)",
                acceptance.Caller, key.Text, key.CommandHash, acceptance.OperationId, acceptance.At);
        }
    }

    private static void Add(NpgsqlBatch batch, string sql, params object?[] values) => batch.BatchCommands.Add(Statement(sql, values));

    private static NpgsqlParameter Id(Guid? id) => new() { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    /// <summary>One command of a batch. Null values are sent as text, and values that are already parameters are used unchanged.</summary>
    internal static NpgsqlBatchCommand Statement(string sql, params object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(value switch
            {
                null => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                NpgsqlParameter made => made,
                _ => new NpgsqlParameter { Value = value },
            });
        }

        return command;
    }
}
