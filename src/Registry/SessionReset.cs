using System.Data;
using Npgsql;

namespace Saga.Registry;

/// <summary>
/// Resets a session's state that outlives transactions: settings, notifications and advisory locks. The registry's pool does not reset
/// connections, because that would take six statements per use. Code that changes a session must therefore call this before the
/// connection goes back to the pool.
/// </summary>
internal static class SessionReset
{
    private const string Text = "rollback; reset all; unlisten *; select pg_advisory_unlock_all()";

    /// <summary>If a connection cannot be reset, it and all others in the pool are closed when they are returned.</summary>
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
