using Npgsql;

namespace Saga.Registry.Connections;

/// <summary>Which PostgreSQL server it is, and how many connections it allows, as it says itself.</summary>
/// <param name="Id">
/// The same over whatever address, proxy or login it is reached, and another one after a restart. A replica and a copy of a server
/// share its system identifier, so the time of its start is part of it.
/// </param>
/// <param name="MaxConnections">Its <c>max_connections</c>.</param>
/// <param name="Reserved">Those of them that only superusers and privileged roles get.</param>
public sealed record ServerIdentity(string Id, int MaxConnections, int Reserved)
{
    // reserved_connections came with PostgreSQL 16.
    private const string Facts =
        """
        extract(epoch from pg_postmaster_start_time())::text, current_setting('max_connections')::int,
            current_setting('superuser_reserved_connections')::int + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0)
        """;

    /// <exception cref="NpgsqlException">It does not answer.</exception>
    public static async Task<ServerIdentity> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(connection, "(select system_identifier::text from pg_control_system())", cancellationToken);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // Whoever runs the server took that right away. Two servers hardly start in the same microsecond.
            return await ReadAsync(connection, "'unknown'", cancellationToken);
        }
    }

    private static async Task<ServerIdentity> ReadAsync(NpgsqlConnection connection, string system, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select {system}, {Facts}", connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new ServerIdentity($"{row.GetString(0)}/{row.GetString(1)}", row.GetInt32(2), row.GetInt32(3));
    }
}
