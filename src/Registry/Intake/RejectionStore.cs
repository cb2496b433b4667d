using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Events;
using Saga.Registry.Audit;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;

namespace Saga.Registry.Intake;

/// <summary>Writes refused commands to the audit log and publishes them, in one transaction. Thread-safe.</summary>
public sealed class RejectionStore(NpgsqlDataSource registry, RegistryNotifier notifier)
{
    public async Task WriteAsync(CommandRefused refused, CancellationToken cancellationToken)
    {
        await using (var connection = await registry.OpenConnectionAsync(cancellationToken))
        {
            // Without its own transaction commands, a batch is one transaction.
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(CommandLedger.Statement(
                "insert into audit (at, actor, action, detail) values ($1, $2, $3, $4::jsonb)",
                refused.OccurredAt, refused.Caller, AuditActions.CommandRefuse,
                JsonSerializer.Serialize(new { refused.Kind, refused.Code, Fields = refused.Errors.Select(e => e.Pointer), refused.MessageId }, Json.Options)));
            batch.BatchCommands.Add(OutboxWriter.PublishCommand(refused));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Outbox);
    }
}
