using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Tenants;

namespace Saga.Registry.Intake;

/// <summary>
/// Writes accepted commands: what the command changes, operation, history, audit, idempotency key and the message that starts
/// the saga commit together, or nothing does. Thread-safe; any number may run.
/// </summary>
public sealed class CommandLedger(NpgsqlDataSource registry, RegistryNotifier notifier)
{
    /// <summary>The operation that the caller began with this key; null when there is none.</summary>
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
        return await row.ReadAsync(cancellationToken) ? new(row.GetFieldValue<byte[]>(0), row.GetGuid(1), new TenantId(row.GetGuid(2))) : null;
    }

    /// <summary>The tenant's operation that has not ended; null when there is none.</summary>
    public async Task<(Guid Id, string Kind)?> FindActiveAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            "select o.id, o.kind from operation_scopes s join operations o on o.id = s.operation_id where s.scope = $1");
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = OperationScopes.Tenant(tenant) });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetGuid(0), row.GetString(1)) : null;
    }

    /// <summary>Accepts a command in one transaction.</summary>
    /// <param name="existing">The tenant that the command is about, locked against other commands until the end; null for a new one.</param>
    /// <param name="decide">What to write, given the tenant as it is; null writes nothing. Must not wait for anything.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    /// <returns>The operation that keeps a scope of the command for itself: then nothing was written. Null otherwise.</returns>
    /// <exception cref="PostgresException">
    /// 23505: a name or the idempotency key is taken by another command. 40P01: the loser of a deadlock. Nothing was written.
    /// </exception>
    public async Task<ScopeHolder?> AcceptAsync(TenantId? existing, Func<Tenant?, Acceptance?> decide, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var tenant = existing is { } id ? await TenantStore.LockAsync(connection, transaction, id, cancellationToken) : null;
        if (decide(tenant) is not { } acceptance)
            return null;
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            Fill(batch, acceptance);
            // One that waits for a slot is woken by whoever gives it one.
            if (!acceptance.NeedsSlot)
                batch.BatchCommands.Add(OutboxWriter.SendCommand(Endpoints.Operations, new OperationSubmitted { OperationId = acceptance.OperationId }));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        if (await OperationScopes.TakeAsync(transaction, acceptance.OperationId, acceptance.Scopes, cancellationToken) is { } holder)
            return holder;

        using (IntakeTelemetry.Source.StartActivity(IntakeTelemetry.Commit))
        {
            // A caller that hangs up now would leave it open whether the commit happened.
            await transaction.CommitAsync(CancellationToken.None);
        }

        notifier.Notify(RegistryChannels.Outbox);
        return null;
    }

    private static void Fill(NpgsqlBatch batch, Acceptance acceptance)
    {
        Add(batch, "insert into workflows (digest, kind, version, definition) values ($1, $2, $3, $4::jsonb) on conflict (digest) do nothing",
            acceptance.Workflow.Digest, acceptance.Workflow.Definition.Kind, acceptance.Workflow.Definition.Version, acceptance.Workflow.Json);
        foreach (var effect in acceptance.Effects)
            batch.BatchCommands.Add(effect);
        Add(batch,
            """
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by, created_at, traceparent, priority, slot, next_due_at)
            values ($1, $2, $3, $4, 'accepted', $5::jsonb, $6, $7, $8, $9,
                case when $10 then 'queued' else 'admitted' end, case when not $10 then now() + interval '30 seconds' end)
            """,
            acceptance.OperationId, acceptance.Workflow.Definition.Kind, acceptance.TenantId.Value, acceptance.Workflow.Digest, acceptance.Input,
            acceptance.Caller, acceptance.At, TraceContext.Current, OperationStore.Name(acceptance.Priority), acceptance.NeedsSlot);
        Add(batch, "insert into operation_history (operation_id, at, event) values ($1, $2, $3)", acceptance.OperationId, acceptance.At, HistoryEvents.Accepted);
        Add(batch, "insert into audit (at, actor, action, tenant_id, operation_id, detail) values ($1, $2, $3, $4, $5, $6::jsonb)",
            acceptance.At, acceptance.Caller, acceptance.AuditAction, acceptance.TenantId.Value, acceptance.OperationId, acceptance.AuditDetail);
        if (acceptance.Key is { } key)
        {
            Add(batch, "insert into idempotency_keys (caller, key, request_hash, operation_id, created_at) values ($1, $2, $3, $4, $5)",
                acceptance.Caller, key.Text, key.CommandHash, acceptance.OperationId, acceptance.At);
        }
    }

    private static void Add(NpgsqlBatch batch, string sql, params object?[] values) => batch.BatchCommands.Add(Statement(sql, values));

    /// <summary>One command of a batch; a null is a text.</summary>
    internal static NpgsqlBatchCommand Statement(string sql, params object?[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value is null ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text } : new NpgsqlParameter { Value = value });
        return command;
    }
}
