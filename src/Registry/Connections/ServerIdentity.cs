using Npgsql;

namespace Saga.Registry.Connections;

/// <summary>The identity of a PostgreSQL server and the number of connections that it allows, as reported by the server.</summary>
/// <param name="Id">
/// The same for every address, proxy and login, but different after a restart. A replica or a copy of a server has the same system
/// identifier, so the id includes the server's start time.
/// </param>
/// <param name="MaxConnections">Its <c>max_connections</c>.</param>
/// <param name="Reserved">How many of them are reserved for superusers and privileged roles.</param>
public sealed record ServerIdentity(string Id, int MaxConnections, int Reserved)
{
    // reserved_connections came with PostgreSQL 16.
    private const string Facts =
        """
        extract(epoch from pg_postmaster_start_time())::text, current_setting('max_connections')::int,
            current_setting('superuser_reserved_connections')::int + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0)
        """;

    /// <exception cref="NpgsqlException">The server does not answer.</exception>
    public static async Task<ServerIdentity> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(connection, "(select system_identifier::text from pg_control_system())", cancellationToken);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // The server's operator has revoked that right. Two servers are very unlikely to have started in the same microsecond.
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
