using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts;

namespace Saga.Registry.Outbox;

/// <summary>
/// Adds messages to the outbox inside a transaction of the caller: they leave when, and only when, it commits.
/// A relay of the orchestrator sends them; it is notified by the commit.
/// </summary>
public static class OutboxWriter
{
    /// <summary>The channel that wakes the relays.</summary>
    public const string Channel = "saga_outbox";

    /// <summary>Sends the message to a queue; it stays in the outbox until that queue exists.</summary>
    public static Task SendAsync<T>(NpgsqlTransaction transaction, string queue, T message, CancellationToken cancellationToken)
        where T : class =>
        InsertAsync(transaction, queue, message, cancellationToken);

    /// <summary>Publishes the message to whoever subscribed, be it nobody.</summary>
    public static Task PublishAsync<T>(NpgsqlTransaction transaction, T message, CancellationToken cancellationToken)
        where T : class =>
        InsertAsync(transaction, null, message, cancellationToken);

    /// <summary>
    /// Wakes whoever relays messages and gives slots to operations. To be called after a commit; when it fails, they look by
    /// themselves within a second.
    /// </summary>
    internal static async Task NotifyAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.ExecuteAsync("select pg_notify('saga_outbox', '')");
        }
        catch (NpgsqlException)
        {
            // What was committed stays committed: the caller must not take it for a failure.
        }
    }

    private static Task InsertAsync<T>(NpgsqlTransaction transaction, string? destination, T message, CancellationToken cancellationToken)
        where T : class =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            """
            insert into outbox (message_id, message_type, destination, body, claimed_until, traceparent)
            values (@Id, @Type, @destination, @Body, '-infinity', @Trace);
            select pg_notify('saga_outbox', '');
            """,
            new { Id = Guid.CreateVersion7(), Type = MessageTypes.NameOf(message), destination, Body = JsonSerializer.Serialize(message, Json.Options), Trace = TraceContext.Current },
            transaction, cancellationToken: cancellationToken));
}
