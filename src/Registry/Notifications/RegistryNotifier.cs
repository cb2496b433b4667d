using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saga.Registry.Notifications;

/// <summary>
/// Notifies listeners of the registry after a commit. A notification within a transaction would take a server-wide lock until its
/// commit is on disk, which prevents group commit. These notifications are sent separately and in batches, and do not wait for the
/// disk. Thread-safe.
/// </summary>
public sealed partial class RegistryNotifier(NpgsqlDataSource registry, ILogger<RegistryNotifier> log)
{
    private readonly Lock gate = new();
    private HashSet<(string Channel, string Payload)> waiting = [];
    private bool sending;

    /// <summary>Returns at once. Pending notifications with the same channel and payload are sent once.</summary>
    public void Notify(string channel, string payload = "")
    {
        lock (gate)
        {
            waiting.Add((channel, payload));
            if (sending)
                return;
            sending = true;
        }

        // The loop sends notifications of many callers, so it must not belong to one caller's trace.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(SendAllAsync);
    }

    private async Task SendAllAsync()
    {
        while (Take() is { Count: > 0 } together)
        {
            try
            {
                await SendAsync(together);
            }
            catch (Exception error)
            {
                LogLost(error, together.Count);
            }
        }
    }

    private HashSet<(string Channel, string Payload)> Take()
    {
        lock (gate)
        {
            var taken = waiting;
            waiting = [];
            sending = taken.Count > 0;
            return taken;
        }
    }

    private async Task SendAsync(IReadOnlyCollection<(string Channel, string Payload)> together)
    {
        await using var batch = registry.CreateBatch();
        // A notification that a server crash loses would be lost anyway.
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select set_config('synchronous_commit', 'off', true)"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_notify(channel, payload) from unnest($1, $2) as v(channel, payload)")
        {
            Parameters =
            {
                Parameter.Array(together, n => n.Channel, NpgsqlTypes.NpgsqlDbType.Text),
                Parameter.Array(together, n => n.Payload, NpgsqlTypes.NpgsqlDbType.Text),
            },
        });
        await batch.ExecuteNonQueryAsync();
    }

    [LoggerMessage(EventId = 1910, Level = LogLevel.Warning, Message = "{Count} notifications of the registry were lost; listeners will find the changes at their next poll.")]
    private partial void LogLost(Exception error, int count);
}
