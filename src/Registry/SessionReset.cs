using System.Data;
using Npgsql;

namespace Saga.Registry;

/// <summary>
/// Ends what a session keeps beyond its transactions: settings, notifications, advisory locks. The registry's pool does not reset
/// connections, which would be six statements for each use of one; so whoever changes a session calls this before the connection
/// goes back.
/// </summary>
internal static class SessionReset
{
    private const string Text = "rollback; reset all; unlisten *; select pg_advisory_unlock_all()";

    /// <summary>A connection that cannot be reset is closed, with all others of the pool, when its user returns it.</summary>
    public static async Task ResetAsync(NpgsqlConnection connection)
    {
        if (connection.FullState != ConnectionState.Open)
            return;
        try
        {
            await using var reset = new NpgsqlCommand(Text, connection);
            await reset.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            NpgsqlConnection.ClearPool(connection);
        }
    }
}
