using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Events;
using Saga.Registry.Audit;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;

namespace Saga.Registry.Intake;

/// <summary>Publishes refused commands and writes them to the audit log, in one transaction. Thread-safe.</summary>
public sealed class RejectionStore(NpgsqlDataSource registry, RegistryNotifier notifier)
{
    /// <param name="refused">The refusal.</param>
    /// <param name="isAudited">Whether it gets a line of its own in the audit log.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async Task WriteAsync(CommandRefused refused, bool isAudited, CancellationToken cancellationToken)
    {
        await using (var connection = await registry.OpenConnectionAsync(cancellationToken))
        {
            // Without its own transaction commands, a batch is one transaction.
            await using var batch = new NpgsqlBatch(connection);
            if (isAudited)
            {
                batch.BatchCommands.Add(CommandLedger.Statement(
                    "insert into audit (at, actor, action, detail, origin) values ($1, $2, $3, $4::jsonb, $5)",
                    refused.OccurredAt, refused.Caller, AuditActions.CommandRefuse,
                    JsonSerializer.Serialize(new { refused.Kind, refused.Code, Fields = refused.Errors.Select(e => e.Pointer), refused.MessageId }, Json.Options), AuditOrigin.Current));
            }

            batch.BatchCommands.Add(OutboxWriter.PublishCommand(refused));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Outbox);
    }
}
