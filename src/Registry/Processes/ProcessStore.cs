using Dapper;
using Npgsql;
using Saga.Registry.Connections;

namespace Saga.Registry.Processes;

/// <summary>The running processes, by the registry's clock. Thread-safe.</summary>
public sealed class ProcessStore(NpgsqlDataSource registry)
{
    /// <summary>The interval between heartbeats.</summary>
    public static TimeSpan Heartbeat { get; } = TimeSpan.FromSeconds(5);

    /// <summary>A process without a heartbeat for this long does not count. Long enough for a pause or a restart of the registry.</summary>
    public static TimeSpan GivenUpAfter { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Writes the process's heartbeat, and deletes rows of processes whose last heartbeat is long ago.</summary>
    /// <param name="process">The process.</param>
    /// <param name="servers">The PostgreSQL servers that it may connect to.</param>
    /// <param name="cancellationToken">Cancels the call; the heartbeat may or may not have been written.</param>
    public async Task BeatAsync(RunningProcess process, IReadOnlyList<ServerUse> servers, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into processes as p (id, program, version, orchestrates, engine_level, steps, master_key_ids, active_master_key_id, connection_budget)
            values (@Id, @Program, @Version, @Orchestrates, @EngineLevel, @Steps, @MasterKeyIds, @ActiveMasterKeyId, @ConnectionBudget)
            on conflict (id) do update set heartbeat_at = now(), connection_budget = excluded.connection_budget;
            insert into process_connections as c (process_id, server, connections, identity, max_connections, reserved)
            select @Id, * from unnest(@Servers, @Connections, @Identities, @MaxConnections, @Reserved)
            on conflict (process_id, server) do update
            set connections = excluded.connections, identity = excluded.identity, max_connections = excluded.max_connections, reserved = excluded.reserved
            where (c.connections, c.identity, c.max_connections, c.reserved)
               is distinct from (excluded.connections, excluded.identity, excluded.max_connections, excluded.reserved);
            delete from process_connections where process_id = @Id and server <> all(@Servers);
            delete from processes where id in (select id from processes where heartbeat_at < now() - @old for update skip locked);
            """,
            new
            {
                process.Id, process.Program, process.Version, process.Orchestrates, process.EngineLevel, Steps = process.Steps.ToArray(), MasterKeyIds = process.MasterKeyIds.ToArray(), process.ActiveMasterKeyId,
                process.ConnectionBudget, old = 10 * GivenUpAfter,
                Servers = servers.Select(s => s.Server).ToArray(), Connections = servers.Select(s => s.Connections).ToArray(),
                Identities = servers.Select(s => s.Identity?.Id).ToArray(), MaxConnections = servers.Select(s => s.Identity?.MaxConnections).ToArray(),
                Reserved = servers.Select(s => s.Identity?.Reserved).ToArray(),
            }, cancellationToken: cancellationToken));
    }

    /// <summary>Removes the process's row when it stops.</summary>
    public async Task RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("delete from processes where id = @id", new { id }, cancellationToken: cancellationToken));
    }

    /// <summary>The processes with a recent heartbeat.</summary>
    public async Task<IReadOnlyList<RunningProcess>> ListAsync(CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            """
            select id, program, version, engine_level, steps, master_key_ids, connection_budget, orchestrates, active_master_key_id
            from processes where heartbeat_at > now() - $1 order by started_at, id
            """);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = GivenUpAfter });
        var processes = new List<RunningProcess>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            processes.Add(new()
            {
                Id = row.GetGuid(0),
                Program = row.GetString(1),
                Version = row.GetString(2),
                Orchestrates = row.GetBoolean(7),
                EngineLevel = row.GetInt32(3),
                Steps = row.GetFieldValue<string[]>(4),
                MasterKeyIds = row.GetFieldValue<string[]>(5),
                ConnectionBudget = row.GetInt32(6),
                ActiveMasterKeyId = row.IsDBNull(8) ? null : row.GetString(8),
            });
        }

        return processes;
    }

    /// <summary>The steps that running processes host.</summary>
    public async Task<IReadOnlyList<string>> ListStepsAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return
        [
            .. await connection.QueryAsync<string>(new CommandDefinition(
                "select distinct unnest(steps) from processes where heartbeat_at > now() - @GivenUpAfter", new { GivenUpAfter }, cancellationToken: cancellationToken)),
        ];
    }

    /// <summary>The highest level of all running engines; null when none is running.</summary>
    public async Task<int?> FindHighestLevelAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<int?>(new CommandDefinition(
            "select max(engine_level) from processes where orchestrates and heartbeat_at > now() - @GivenUpAfter", new { GivenUpAfter }, cancellationToken: cancellationToken));
    }
}
