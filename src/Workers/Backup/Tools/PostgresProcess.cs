using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Tools;

/// <summary>A client program of PostgreSQL that works on one database. It is ended when this is disposed.</summary>
internal sealed class PostgresProcess : IDisposable
{
    // What a program says about its failure comes last.
    private const int KeptErrorLines = 5;

    private readonly string place;
    private readonly string? system;
    private readonly Process process;
    private readonly Task<string> errors;

    private PostgresProcess(string place, string? system, Process process)
    {
        (this.place, this.system, this.process) = (place, system, process);
        errors = ReadErrorsAsync(process);
    }

    public Stream Input => process.StandardInput.BaseStream;

    public Stream Output => process.StandardOutput.BaseStream;

    /// <param name="tool">The program.</param>
    /// <param name="server">The server's name, for failures.</param>
    /// <param name="address">The database and the login.</param>
    /// <param name="arguments">What else it is told.</param>
    public static PostgresProcess Start(PostgresTool tool, string server, NpgsqlConnectionStringBuilder address, IEnumerable<string> arguments) =>
        Start(tool, $"database server '{server}'", SystemNames.PostgreSql(server), address, arguments);

    /// <summary>The same for the registry's database.</summary>
    public static PostgresProcess StartOnRegistry(PostgresTool tool, NpgsqlConnectionStringBuilder address, IEnumerable<string> arguments) =>
        Start(tool, "the registry", null, address, arguments);

    private static PostgresProcess Start(PostgresTool tool, string place, string? system, NpgsqlConnectionStringBuilder address, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool.Path)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            ArgumentList = { "--no-password", $"--host={address.Host}", string.Create(CultureInfo.InvariantCulture, $"--port={address.Port}") },
        };
        if (address.Username is { Length: > 0 } user)
            start.ArgumentList.Add($"--username={user}");
        if ((address.Database ?? address.Username) is { Length: > 0 } database)
            start.ArgumentList.Add($"--dbname={database}");
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        SetEnvironment(start, address);
        return new(place, system, Process.Start(start)!);
    }

    /// <summary>Ends the program's input.</summary>
    public void CloseInput() => process.StandardInput.Close();

    /// <exception cref="StepFailureException">It failed; the message has what it said.</exception>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
            throw Failed(await errors);
    }

    public void Dispose()
    {
        // If this process dies instead, the program ends when it reads or writes on.
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private static void SetEnvironment(ProcessStartInfo start, NpgsqlConnectionStringBuilder address)
    {
        // Where the driver finds a password that the connection string does not have.
        var (password, file) = (start.Environment.TryGetValue("PGPASSWORD", out var p) ? p : null, start.Environment.TryGetValue("PGPASSFILE", out var f) ? f : null);
        // Settings of this process's user must not change what it does.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        // Not an argument, because every user of the machine sees those.
        if ((address.Password ?? password) is { Length: > 0 } secret)
            start.Environment["PGPASSWORD"] = secret;
        else if ((address.Passfile ?? file) is { Length: > 0 } passwords)
            start.Environment["PGPASSFILE"] = passwords;
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
        if (address.SslCertificate is { Length: > 0 } own)
            start.Environment["PGSSLCERT"] = own;
        if (address.SslKey is { Length: > 0 } ownKey)
            start.Environment["PGSSLKEY"] = ownKey;
        start.Environment["LC_ALL"] = "C";
    }

    private static async Task<string> ReadErrorsAsync(Process process)
    {
        var lines = new Queue<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
            if (lines.Count > KeptErrorLines)
                lines.Dequeue();
        }

        return string.Join(' ', lines);
    }

    private StepFailureException Failed(string said)
    {
        var program = Path.GetFileName(process.StartInfo.FileName);
        var message = string.Create(CultureInfo.InvariantCulture, $"{program} failed on {place} with exit code {process.ExitCode}: {said}");
        var code = $"{program.Replace('_', '-')}-failed";
        return said.Contains("permission denied", StringComparison.Ordinal) || said.Contains("version mismatch", StringComparison.Ordinal)
            ? StepFailureException.Permanent(code, message, "Fix what the message says, then send the command again.", system)
            : StepFailureException.Transient(code, message, "Fix what the message says, then send the command again.", system);
    }
}
