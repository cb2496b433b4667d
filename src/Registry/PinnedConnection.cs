using System.Globalization;
using Npgsql;

namespace Saga.Registry;

/// <summary>
/// One connection that a loop keeps, for statements that run thousands of times a second and always find their rows
/// by key, with its own settings. The settings are reset before it goes back to the pool.
/// For one user at a time.
/// </summary>
/// <param name="registry">The source of the connection.</param>
/// <param name="waitsForDisk">If false, a commit returns before it is on disk, and a crash of the server may lose it.</param>
/// <param name="lockMilliseconds">How long a statement waits for a row that another transaction has locked; null for no limit.</param>
public sealed class PinnedConnection(NpgsqlDataSource registry, bool waitsForDisk = true, int? lockMilliseconds = null) : IAsyncDisposable
{
    // A statement that was prepared while its tables were small keeps its plan with sequential scans until the tables are analyzed, so
    // a new registry would become slow within a minute. And statements with array parameters would be planned again at each execution.
    // A table without an index to use looks infinitely expensive then, and the server would compile each such statement.
    private const string ByIndex =
        "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan; set jit = off";

    private NpgsqlConnection? open;

    /// <summary>Opens the connection, unless it is open.</summary>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (open is not null)
            return open;
        var connection = await registry.OpenConnectionAsync(cancellationToken);
        try
        {
            var text = ByIndex + (waitsForDisk ? "" : "; set synchronous_commit = off")
                + (lockMilliseconds is { } limit ? string.Create(CultureInfo.InvariantCulture, $"; set lock_timeout = {limit}") : "");
            await using var settings = new NpgsqlCommand(text, connection);
            await settings.ExecuteNonQueryAsync(cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        return open = connection;
    }

    /// <summary>Call this when a statement failed. It rolls back open work, and the next statement gets a new connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (open is not { } dropped)
            return;
        open = null;
        await using (dropped)
            await SessionReset.ResetAsync(dropped);
    }
}
