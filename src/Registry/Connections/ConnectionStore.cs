using Npgsql;
using Saga.Registry.Processes;

namespace Saga.Registry.Connections;

/// <summary>The connection budgets of running processes on PostgreSQL servers. Thread-safe.</summary>
public sealed class ConnectionStore(NpgsqlDataSource registry)
{
    /// <summary>The sum of all running processes' budgets, by server.</summary>
    public async Task<IReadOnlyList<ServerTotal>> TotalsAsync(CancellationToken cancellationToken)
    {
        // A process of an older version reports only its budget for the registry.
        await using var command = registry.CreateCommand(
            """
            select p.id, coalesce(c.server, $2), coalesce(c.connections, p.connection_budget), c.identity, c.max_connections, c.reserved
            from processes p left join process_connections c on c.process_id = p.id
            where p.heartbeat_at > now() - $1 and coalesce(c.connections, p.connection_budget) > 0
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = ProcessStore.GivenUpAfter });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = RegistryOptions.Section });
        var uses = new List<(Guid, ServerUse)>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var identity = await row.IsDBNullAsync(3, cancellationToken) ? null : new ServerIdentity(row.GetString(3), row.GetInt32(4), row.GetInt32(5));
            uses.Add((row.GetGuid(0), new ServerUse(row.GetString(1), row.GetInt32(2), identity)));
        }

        return ServerTotal.Of(uses);
    }

    /// <summary>The names of all database servers that the installation knows.</summary>
    public async Task<IReadOnlyList<string>> ServerNamesAsync(CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand("select name from database_servers order by name");
        var names = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            names.Add(row.GetString(0));
        return names;
    }
}
