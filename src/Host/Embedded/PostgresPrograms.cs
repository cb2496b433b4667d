using System.Diagnostics;
using System.Globalization;
using Saga.Host.Processes;

namespace Saga.Host.Embedded;

/// <summary>PostgreSQL's server programs. PostgreSQL refuses to run as root, so a root process runs them as the user that Debian's package creates.</summary>
/// <param name="Folder">The folder with initdb and postgres.</param>
internal sealed record PostgresPrograms(string Folder)
{
    private const string Account = "postgres";

    /// <summary>The user who owns the cluster if it is not this process's own user.</summary>
    public static string? User => Environment.UserName == "root" ? Account : null;

    /// <exception cref="InvalidOperationException">PostgreSQL is not installed; the message says how to install it.</exception>
    public static PostgresPrograms Find()
    {
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(Version).Select(v => Path.Combine(v, "bin"))
            : [];
        return debian.Concat(Programs.Path).FirstOrDefault(d => Programs.Find("initdb", [d]) is not null && Programs.Find("postgres", [d]) is not null) is { } folder
            ? new PostgresPrograms(folder)
            : throw new InvalidOperationException(
                "PostgreSQL's server programs (initdb, postgres) were not found. Install them (Debian, Ubuntu: apt-get install postgresql; " +
                "macOS: brew install postgresql), or set Saga:Registry:ConnectionString and Saga:Databases:Servers:main:ConnectionString to a PostgreSQL on this machine.");
    }

    // Debian names the folder after the major version.
    private static int Version(string folder) => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0;

    /// <summary>Creates a cluster in the folder, which must not exist.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message says why.</exception>
    public Task InitializeAsync(string data, string superuser, string passwordFile, CancellationToken cancellationToken) => ChildProcesses.RunAsync(
        [
            Path.Combine(Folder, "initdb"), "-D", data, "-U", superuser, "-A", "scram-sha-256", "--pwfile", passwordFile,
            "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions",
        ],
        "/", User, cancellationToken);

    /// <summary>Starts the server. If this process ends first, it shuts down at once, as in a crash.</summary>
    public Process Serve(string data, string log, IEnumerable<string> settings) => ChildProcesses.Start(
        [Path.Combine(Folder, "postgres"), "-D", data, .. settings.SelectMany(s => new[] { "-c", s })], "/", log: log, user: User, lastSignal: "QUIT");

    /// <summary>Gives a file, or a folder without its contents, to the cluster's user.</summary>
    /// <exception cref="InvalidOperationException">There is no such user.</exception>
    public static async Task HandOverAsync(string path, CancellationToken cancellationToken)
    {
        if (User is null)
            return;
        try
        {
            await ChildProcesses.RunAsync(["chown", Account, path], "/", cancellationToken: cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException(
                $"PostgreSQL does not run as root, and {path} could not be handed to the user '{Account}'. Run this as another user, or create that user (useradd --system {Account}). {e.Message}", e);
        }
    }
}
