using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Tools;

/// <summary>Runs pg_dump in its custom format. Thread-safe.</summary>
internal sealed class PgDump(DatabaseServers servers, IOptions<LockOptions> locks)
{
    // What it says about its failure comes last.
    private const int KeptErrorLines = 5;

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
        using var process = Process.Start(StartInfo(tool, server, database, schema, snapshot, role))!;
        process.StandardInput.Close();
        try
        {
            var errors = ReadErrorsAsync(process, cancellationToken);
            await process.StandardOutput.BaseStream.CopyToAsync(target, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
                throw Failed(server, process.ExitCode, await errors);
        }
        finally
        {
            // If this process dies instead, pg_dump ends when it writes on.
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private ProcessStartInfo StartInfo(PostgresTool tool, string server, string database, string schema, string snapshot, string? role)
    {
        var address = servers.Address(server, database);
        var start = new ProcessStartInfo(tool.Path)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            ArgumentList =
            {
                "--format=custom", $"--schema={Sql.Name(schema)}", "--strict-names", $"--snapshot={snapshot}", "--no-password",
                string.Create(CultureInfo.InvariantCulture, $"--lock-wait-timeout={locks.Value.LockSeconds * 1000}"),
                $"--host={address.Host}", string.Create(CultureInfo.InvariantCulture, $"--port={address.Port}"), $"--username={address.Username}", $"--dbname={database}",
            },
        };
        if (role is not null)
            start.ArgumentList.Add($"--role={role}");
        SetEnvironment(start, address);
        return start;
    }

    private static void SetEnvironment(ProcessStartInfo start, NpgsqlConnectionStringBuilder address)
    {
        // Settings of this process's user must not change what it does.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        // Not an argument, because every user of the machine sees those.
        start.Environment["PGPASSWORD"] = address.Password;
        start.Environment["PGAPPNAME"] = "saga-backup";
        start.Environment["PGCONNECT_TIMEOUT"] = "30";
        start.Environment["PGSSLMODE"] = address.SslMode switch
        {
            SslMode.Disable => "disable",
            SslMode.Allow => "allow",
            SslMode.Require => "require",
            SslMode.VerifyCA => "verify-ca",
            SslMode.VerifyFull => "verify-full",
            _ => "prefer",
        };
        if (address.RootCertificate is { Length: > 0 } certificate)
            start.Environment["PGSSLROOTCERT"] = certificate;
        start.Environment["LC_ALL"] = "C";
    }

    private static async Task<string> ReadErrorsAsync(Process process, CancellationToken cancellationToken)
    {
        var lines = new Queue<string>();
        while (await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
        {
            lines.Enqueue(line);
            if (lines.Count > KeptErrorLines)
                lines.Dequeue();
        }

        return string.Join(' ', lines);
    }

    private static StepFailureException Failed(string server, int code, string errors)
    {
        var message = string.Create(CultureInfo.InvariantCulture, $"pg_dump failed on database server '{server}' with exit code {code}: {errors}");
        return errors.Contains("permission denied", StringComparison.Ordinal) || errors.Contains("server version mismatch", StringComparison.Ordinal)
            ? StepFailureException.Permanent("pg-dump-failed", message, "Fix what the message says, then send the command again.", SystemNames.PostgreSql(server))
            : StepFailureException.Transient("pg-dump-failed", message, "Fix what the message says, then send the command again.", SystemNames.PostgreSql(server));
    }
}
