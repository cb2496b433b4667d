using System.Globalization;
using Npgsql;

namespace Saga.Registry;

/// <summary>
/// One connection that a loop keeps, for statements that run thousands of times a second and always find their rows
/// by key, and for settings of its own. The settings are reset before the pool gets it back.
/// For one user at a time.
/// </summary>
/// <param name="registry">Where it comes from.</param>
/// <param name="waitsForDisk">False: a commit returns before it is on disk, and a crash of the server may forget it.</param>
/// <param name="lockMilliseconds">How long a statement waits for a row that another transaction has locked; null for as long as it takes.</param>
public sealed class PinnedConnection(NpgsqlDataSource registry, bool waitsForDisk = true, int? lockMilliseconds = null) : IAsyncDisposable
{
    // A statement prepared while its tables were small keeps the plan of that moment, which reads them whole, until
    // somebody analyzes them: a new registry would grow slow within a minute. And one with arrays for parameters would
    // be planned again at each execution.
    private const string ByIndex =
        "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan";

    private NpgsqlConnection? open;

    /// <summary>Opens it, unless it is open.</summary>
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

    /// <summary>To be called when a statement failed: whatever it left is rolled back, and the next one gets another connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (open is not { } dropped)
            return;
        open = null;
        await using (dropped)
            await SessionReset.ResetAsync(dropped);
    }
}
