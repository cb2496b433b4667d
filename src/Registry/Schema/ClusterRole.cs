using Dapper;
using Npgsql;

namespace Saga.Registry.Schema;

/// <summary>A role without login, which belongs to the whole cluster.</summary>
internal static class ClusterRole
{
    /// <summary>Creates the role if it is missing and this user may create roles.</summary>
    /// <returns>Whether it exists.</returns>
    public static async Task<bool> EnsureAsync(NpgsqlConnection connection, string role, CancellationToken cancellationToken)
    {
        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from pg_roles where rolname = @role)", new { role }, cancellationToken: cancellationToken)))
        {
            return true;
        }

        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select rolsuper or rolcreaterole from pg_roles where rolname = current_user", cancellationToken: cancellationToken)))
        {
            return false;
        }

        try
        {
            await connection.ExecuteAsync(new CommandDefinition($"create role {Quote(role)} nologin", cancellationToken: cancellationToken));
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation)
        {
            // A start on another database may have just created it.
        }

        return true;
    }

    public static string Quote(string role) => $"\"{role.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
