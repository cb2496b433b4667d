using Dapper;
using Npgsql;

namespace Saga.Registry.Placements;

/// <summary>What workers saw of the database servers. The latest report counts, whoever wrote it. Thread-safe.</summary>
public sealed class ServerHealthStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>Records what a worker saw now. Does nothing for a server that is not registered.</summary>
    /// <param name="server">The server.</param>
    /// <param name="failure">Why it could not be used; null when it answered.</param>
    /// <param name="version">PostgreSQL's version; null when it is not known, which keeps the one before.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async Task WriteAsync(string server, string? failure, string? version, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into database_server_health as h (server, checked_at, failure, version)
            select name, clock_timestamp() + @Offset, @failure, @version from database_servers where name = @server
            on conflict (server) do update set checked_at = excluded.checked_at, failure = excluded.failure, version = coalesce(excluded.version, h.version)
            """,
            new { server, failure, version, clock.Offset }, cancellationToken: cancellationToken));
    }
}
