using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
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
                "insert into audit (actor, action, tenant_id, operation_id, detail) values ($1, $2, $3, $4, $5::jsonb)",
                actor, AuditActions.OperationCancel, new NpgsqlParameter { Value = (object?)operation.TenantId?.Value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid }, operation.Id,
                JsonSerializer.Serialize(new { reason }, Json.Options)));
            batch.BatchCommands.Add(OutboxWriter.SendCommand(Endpoints.Orders, new CancellationRequested { OperationId = operation.Id, Actor = actor, Reason = reason }));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Outbox);
    }
}
