using Dapper;
using Npgsql;
using Saga.Registry.Leases;

namespace Saga.Registry.Placements;

/// <summary>The rows of <c>server_replicas</c>, and which placements may be read there.</summary>
public static class ReplicaRows
{
    /// <summary>Makes these the replicas of the server, which must be in the registry.</summary>
    internal static Task SetAsync(NpgsqlConnection connection, string server, IReadOnlyList<ServerReplica> replicas, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            """
            with declared as (select * from unnest(@Names, @Hosts, @Ports, @Zones) as d (name, host, port, zone)),
            gone as (delete from server_replicas where server = @server and name <> all(@Names))
            insert into server_replicas as r (server, name, host, port, zone) select @server, name, host, port, zone from declared
            on conflict (server, name) do update set host = excluded.host, port = excluded.port, zone = excluded.zone
            where (r.host, r.port, r.zone) is distinct from (excluded.host, excluded.port, excluded.zone)
            """,
            new
            {
                server,
                Names = replicas.Select(r => r.Name).ToArray(),
                Hosts = replicas.Select(r => r.Host).ToArray(),
                Ports = replicas.Select(r => r.Port).ToArray(),
                Zones = replicas.Select(r => r.Zone).ToArray(),
            },
            cancellationToken: cancellationToken));

    /// <summary>Says whether runtimes may use the placement's read-only login. It may be repeated.</summary>
    public static Task ShowAsync(LeasedTransaction transaction, Guid placement, bool ready, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update placements set replica_ready = @ready, updated_at = now() where id = @placement and replica_ready <> @ready", new { placement, ready }, cancellationToken);
}
