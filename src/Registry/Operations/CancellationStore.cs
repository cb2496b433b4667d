using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;

namespace Saga.Registry.Operations;

/// <summary>Writes orders to cancel operations, with their audit lines, in one transaction each. Thread-safe.</summary>
public sealed class CancellationStore(NpgsqlDataSource registry, RegistryNotifier notifier)
{
    /// <summary>Orders the cancellation of one operation.</summary>
    public async Task WriteAsync(Operation operation, string actor, string reason, CancellationToken cancellationToken)
    {
        await using (var connection = await registry.OpenConnectionAsync(cancellationToken))
        {
            // Without its own transaction commands, a batch is one transaction.
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(CommandLedger.Statement(
                "insert into audit (actor, action, tenant_id, operation_id, detail, origin) values ($1, $2, $3, $4, $5::jsonb, $6)",
                actor, AuditActions.OperationCancel, new NpgsqlParameter { Value = (object?)operation.TenantId?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid }, operation.Id,
                JsonSerializer.Serialize(new { reason }, Json.Options), AuditOrigin.Current));
            batch.BatchCommands.Add(OutboxWriter.SendCommand(Endpoints.Orders, new CancellationRequested { OperationId = operation.Id, Actor = actor, Reason = reason }));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Outbox);
    }

    /// <summary>
    /// Orders the cancellation of the operations that hold the scope or wait for it and have not reached their pivot, for the transaction
    /// that accepts a command which must not wait for them. They decide themselves.
    /// </summary>
    /// <param name="scope">The scope.</param>
    /// <param name="spared">A step: operations that have it in their workflow go on. Null to exempt none.</param>
    /// <param name="actor">Who cancels them.</param>
    /// <param name="reason">The reason for people.</param>
    public static NpgsqlBatchCommand CancelOthersCommand(string scope, string? spared, string actor, string reason) => CancelCommand(
        scope, "not exists (select from jsonb_array_elements(w.definition->'steps') s where s->>'name' = $2)", spared ?? "", actor, reason);

    /// <summary>The same for operations of one kind.</summary>
    public static NpgsqlBatchCommand CancelKindCommand(string scope, string kind, string actor, string reason) => CancelCommand(scope, "o.kind = $2", kind, actor, reason);

    private static NpgsqlBatchCommand CancelCommand(string scope, string condition, string value, string actor, string reason) => CommandLedger.Statement(
        $"""
        with others as (
            select o.id, o.tenant_id from operations o join workflows w on w.digest = o.workflow_digest
            where o.id in (select operation_id from operation_scopes where scope = $1 union select operation_id from operation_scope_waits where scopes @> array[$1])
                and {condition} and o.state in ('accepted', 'running', 'stalled') and o.cancellation is null
                and not coalesce((w.definition->>'forwardOnly')::boolean, false)
                and not exists (
                    select from jsonb_array_elements(w.definition->'steps') s join operation_steps r on r.operation_id = o.id and r.step = s->>'name'
                    where s->>'kind' = 'pivot' and r.fence > 0)),
        audited as (
            insert into audit (actor, action, tenant_id, operation_id, origin, detail)
            select $3, '{AuditActions.OperationCancel}', tenant_id, id, $6, jsonb_build_object('reason', $4::text) from others)
        insert into outbox (message_id, message_type, destination, body, claimed_until, traceparent)
        select gen_random_uuid(), '{typeof(CancellationRequested).FullName}', '{Endpoints.Orders}',
            jsonb_build_object('operationId', id, 'actor', $3::text, 'reason', $4::text)::text, '-infinity', $5 from others
        """,
        scope, value, actor, reason, TraceContext.Current, AuditOrigin.Current);
}
