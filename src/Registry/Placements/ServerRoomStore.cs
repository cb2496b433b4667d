using Dapper;
using Npgsql;

namespace Saga.Registry.Placements;

/// <summary>Room on the database servers for tenants that are not accepted yet. Thread-safe.</summary>
public sealed class ServerRoomStore(NpgsqlDataSource registry)
{
    private const string HasReplica = "exists (select from server_replicas r where r.server = database_servers.name) as HasReplica";

    /// <summary>Every server, by name.</summary>
    public async Task<IReadOnlyList<PlacementServer>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<PlacementServer>(new CommandDefinition(
            $"select name, region, placed as Used, max_tenants as Maximum, accepting, {HasReplica} from database_servers order by name", cancellationToken: cancellationToken))];
    }

    /// <param name="region">Where the tenant's data must live; anywhere when null.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    public async Task<ServerRoom> FindAsync(string? region, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var results = await connection.QueryMultipleAsync(new CommandDefinition(
            $"""
            select name, region, placed as Used, max_tenants as Maximum, {HasReplica} from database_servers where accepting order by name;
            select coalesce(sum(waiting), 0)::bigint from unplaced_tenants();
            select room_for_tenants(@region);
            """,
            new { region }, cancellationToken: cancellationToken));
        return new([.. await results.ReadAsync<AcceptingServer>()], await results.ReadSingleAsync<long>(), await results.ReadSingleAsync<long>());
    }
}

/// <param name="Servers">The servers that accept tenants, in every region.</param>
/// <param name="Waiting">Tenants of any region that were accepted and have no placement yet.</param>
/// <param name="Left">How many more tenants may be accepted; may be negative when operators reduced the room.</param>
public sealed record ServerRoom(IReadOnlyList<AcceptingServer> Servers, long Waiting, long Left);

/// <param name="HasReplica">Whether tenants may have a read replica on it.</param>
public sealed record AcceptingServer(string Name, string Region, int Used, int Maximum, bool HasReplica = false);

/// <param name="Used">Placements that it has, kept ones included.</param>
/// <param name="Maximum">Placements that it may have.</param>
/// <param name="Accepting">Whether it takes further placements.</param>
/// <param name="HasReplica">Whether tenants may have a read replica on it.</param>
public sealed record PlacementServer(string Name, string Region, int Used, int Maximum, bool Accepting, bool HasReplica = false);
