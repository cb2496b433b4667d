using Dapper;
using Npgsql;
using Saga.Registry.Notifications;

namespace Saga.Registry.Outbox;

/// <summary>The outbox in PostgreSQL. A session pins one connection, and listening takes another.</summary>
public sealed class SqlOutboxStore(NpgsqlDataSource registry, RegistryClock clock) : IOutboxStore
{
    // If a server crash loses a claim or a deletion, a message is sent twice, which is harmless.
    public IOutboxSession OpenSession() => new SqlOutboxSession(new PinnedConnection(registry, waitsForDisk: false), clock);

    public async Task ListenAsync(Action notified, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, _) => notified();
        try
        {
            await connection.ExecuteAsync(new CommandDefinition($"listen {RegistryChannels.Outbox}", cancellationToken: cancellationToken));
            notified();
            while (true)
                await connection.WaitAsync(cancellationToken);
        }
        finally
        {
            await SessionReset.ResetAsync(connection);
        }
    }
}
