using Npgsql;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Backup.Tools;

/// <summary>Runs pg_restore on a dump in the custom format. Thread-safe.</summary>
internal sealed class PgRestore(DatabaseServers servers)
{
    private const int BufferBytes = 128 * 1024;

    // All of it or nothing. Owners and rights were those of another place.
    private static readonly string[] Whole = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"];

    /// <summary>Restores everything in one transaction: all of it, or nothing. The caller has reserved a connection of the server.</summary>
    /// <param name="tool">The program.</param>
    /// <param name="server">The server.</param>
    /// <param name="database">The database on it.</param>
    /// <param name="owner">The role that owns what is restored.</param>
    /// <param name="dump">The dump.</param>
    /// <param name="progressed">Called with the number of bytes that were read.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    public async Task RunAsync(PostgresTool tool, string server, string database, string owner, Stream dump, Action<long> progressed, CancellationToken cancellationToken)
    {
        using var process = PostgresProcess.Start(
            tool, server, servers.Address(server, database), [.. Whole, $"--role={owner}"]);
        await FeedAsync(process, dump, progressed, cancellationToken);
    }

    /// <summary>Restores the registry as the login's own, in one transaction.</summary>
    /// <param name="tool">The program.</param>
    /// <param name="registry">The database, and the login that shall own everything in it.</param>
    /// <param name="dump">The dump.</param>
    /// <param name="progressed">Called with the number of bytes that were read.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    public static async Task RunOnRegistryAsync(PostgresTool tool, NpgsqlConnectionStringBuilder registry, Stream dump, Action<long> progressed, CancellationToken cancellationToken)
    {
        using var process = PostgresProcess.StartOnRegistry(tool, registry, Whole);
        await FeedAsync(process, dump, progressed, cancellationToken);
    }

    private static async Task FeedAsync(PostgresProcess process, Stream dump, Action<long> progressed, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        var bytes = 0L;
        while (await dump.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            try
            {
                await process.Input.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
            catch (IOException)
            {
                // It has ended, and says why.
                break;
            }

            bytes += read;
            progressed(bytes);
        }

        Close(process);
        await process.EndAsync(cancellationToken);
    }

    private static void Close(PostgresProcess process)
    {
        try
        {
            process.CloseInput();
        }
        catch (IOException)
        {
            // It has ended before it read everything.
        }
    }
}
