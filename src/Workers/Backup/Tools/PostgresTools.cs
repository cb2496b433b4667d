using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Backup.Tools;

/// <summary>Finds PostgreSQL's client programs on this machine, each time anew, because they may be upgraded while this process runs. Thread-safe.</summary>
internal sealed partial class PostgresTools(IOptions<BackupOptions> options)
{
    public const string Dump = "pg_dump";
    public const string Restore = "pg_restore";

    private const string Debian = "/usr/lib/postgresql";

    /// <returns>The program; null when there is none that runs.</returns>
    public async Task<PostgresTool?> FindAsync(string program, CancellationToken cancellationToken)
    {
        foreach (var path in Folders().Select(f => Path.Combine(f, program)).Where(File.Exists))
        {
            if (await VersionAsync(path, cancellationToken) is { } version)
                return new(path, version);
        }

        return null;
    }

    /// <summary>Why the program cannot be used for a server; null when it can.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="tool">The program that was found; null for none.</param>
    /// <param name="server">The server's name.</param>
    /// <param name="version">The server's version.</param>
    public static string? Refusal(string program, PostgresTool? tool, string server, Version version) => tool switch
    {
        null => $"{program} was not found on this machine, and database server '{server}' needs version {version.Major} or newer.",
        _ when tool.Major < version.Major => $"{tool.Path} has version {tool.Version} and cannot work with database server '{server}', which is PostgreSQL {version.Major}.",
        _ => null,
    };

    /// <summary>What to do about a <see cref="Refusal"/>.</summary>
    public static string Remedy(Version server) => string.Create(CultureInfo.InvariantCulture,
        $"Install PostgreSQL's client programs of version {server.Major} or newer where this worker runs (Debian, Ubuntu: apt-get install postgresql-client-{server.Major}), or set Saga:Backups:PostgresTools to their folder.");

    private IEnumerable<string> Folders()
    {
        if (options.Value.PostgresTools.Length > 0)
            return [options.Value.PostgresTools];
        var debian = Directory.Exists(Debian) ? Directory.GetDirectories(Debian).OrderByDescending(Number).Select(v => Path.Combine(v, "bin")) : [];
        return debian.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
    }

    // Debian names the folder after the major version.
    private static int Number(string folder) => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0;

    private static async Task<Version?> VersionAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(path, "--version") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            var text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            // A version before its release is called 19beta1.
            return process.ExitCode == 0 && VersionText().Match(text) is { Success: true } found
                ? new(int.Parse(found.Groups["major"].Value, CultureInfo.InvariantCulture), found.Groups["minor"] is { Success: true } minor ? int.Parse(minor.Value, CultureInfo.InvariantCulture) : 0)
                : null;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            // Not a program that this user may run.
            return null;
        }
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<major>\d+)(\.(?<minor>\d+))?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex VersionText();
}
