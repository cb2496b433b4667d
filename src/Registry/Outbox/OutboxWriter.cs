using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Registry.Intake;

namespace Saga.Registry.Outbox;

/// <summary>
/// Adds messages to the outbox within the caller's transaction, so that they are sent if and only if it commits. A relay of the
/// orchestrator sends them. It finds them within a second, or at once if it is notified after the commit
/// (<see cref="Notifications.RegistryNotifier"/>).
/// </summary>
public static class OutboxWriter
{
    /// <summary>Sends the message to a queue; it stays in the outbox until that queue exists.</summary>
    public static async Task SendAsync<T>(NpgsqlTransaction transaction, string queue, T message, CancellationToken cancellationToken)
        where T : class
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction) { BatchCommands = { SendCommand(queue, message) } };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The same as one command of a batch.</summary>
    public static NpgsqlBatchCommand SendCommand<T>(string queue, T message)
        where T : class => InsertCommand(queue, message);

    /// <summary>Publishes the message to all subscribers, if any.</summary>
    public static NpgsqlBatchCommand PublishCommand<T>(T message)
        where T : class => InsertCommand(null, message);

    private static NpgsqlBatchCommand InsertCommand<T>(string? destination, T message)
        where T : class => CommandLedger.Statement(
        "insert into outbox (message_id, message_type, destination, body, claimed_until, traceparent) values ($1, $2, $3, $4, '-infinity', $5)",
        Guid.CreateVersion7(), MessageTypes.NameOf(message), destination, JsonSerializer.Serialize(message, Json.Options), TraceContext.Current);
}
