using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;

namespace Saga.Workers.Backup.Tools;

/// <summary>Runs pg_dump in its custom format. Thread-safe.</summary>
internal sealed class PgDump(DatabaseServers servers, IOptions<LockOptions> locks)
{
    /// <summary>Writes one schema of a database as it is in the snapshot. The caller has reserved a connection of the server.</summary>
    /// <param name="tool">The program.</param>
    /// <param name="server">The server.</param>
    /// <param name="database">The database on it.</param>
    /// <param name="schema">The schema in it.</param>
    /// <param name="snapshot">The exported snapshot of a transaction that stays open meanwhile.</param>
    /// <param name="role">The role that it works as; null for the login itself.</param>
    /// <param name="target">Takes the dump.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    public async Task RunAsync(
        PostgresTool tool, string server, string database, string schema, string snapshot, string? role, Stream target, CancellationToken cancellationToken)
    {
        List<string> arguments =
        [
            "--format=custom", $"--schema={Sql.Name(schema)}", "--strict-names", $"--snapshot={snapshot}",
            string.Create(CultureInfo.InvariantCulture, $"--lock-wait-timeout={locks.Value.LockSeconds * 1000}"),
        ];
        if (role is not null)
            arguments.Add($"--role={role}");
        using var process = PostgresProcess.Start(tool, server, servers.Address(server, database), arguments);
        await CopyAsync(process, target, cancellationToken);
    }

    /// <summary>Writes the whole registry as it is in the snapshot.</summary>
    /// <param name="tool">The program.</param>
    /// <param name="registry">The database, and a login that may read all of it.</param>
    /// <param name="snapshot">The exported snapshot of a transaction that stays open meanwhile.</param>
    /// <param name="target">Takes the dump.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    public async Task RunOnRegistryAsync(PostgresTool tool, NpgsqlConnectionStringBuilder registry, string snapshot, Stream target, CancellationToken cancellationToken)
    {
        using var process = PostgresProcess.StartOnRegistry(
            tool, registry,
            ["--format=custom", $"--snapshot={snapshot}", string.Create(CultureInfo.InvariantCulture, $"--lock-wait-timeout={locks.Value.LockSeconds * 1000}")]);
        await CopyAsync(process, target, cancellationToken);
    }

    private static async Task CopyAsync(PostgresProcess process, Stream target, CancellationToken cancellationToken)
    {
        process.CloseInput();
        await process.Output.CopyToAsync(target, cancellationToken);
        await process.EndAsync(cancellationToken);
    }
}
