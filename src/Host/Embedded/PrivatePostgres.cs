using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace Saga.Host.Embedded;

/// <summary>
/// A private PostgreSQL cluster in a folder. It is created on first use, starts and stops with this process, and is reachable only
/// from this machine with a generated password. A cluster that a killed process left running is adopted.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private const string Superuser = "saga_admin";
    private readonly string folder;
    private readonly string programs;

    private PrivatePostgres(string folder, string programs, int port, string password)
    {
        this.folder = folder;
        this.programs = programs;
        Port = port;
        Password = password;
    }

    public int Port { get; }

    public string Password { get; }

    /// <summary>The superuser's connection string for a database of this cluster.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = Superuser,
        Password = Password,
        Database = database,
        IncludeErrorDetail = true,
    }.ConnectionString;

    /// <param name="folder">The cluster's folder; created when missing. When running as root, the user <c>postgres</c> must be able to reach it.</param>
    /// <param name="settings">Server settings (<c>name=value</c>) that override the defaults.</param>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or did not start; the message says what to do.</exception>
    public static async Task<PrivatePostgres> StartAsync(string folder, IReadOnlyList<string>? settings = null, CancellationToken cancellationToken = default)
    {
        var binaries = FindBinaries();
        folder = Path.GetFullPath(folder);
        var data = Path.Combine(folder, "data");
        var passwordFile = Path.Combine(folder, "password");
        Directory.CreateDirectory(folder);
        if (!File.Exists(Path.Combine(data, "PG_VERSION")))
        {
            // A folder without PG_VERSION is left by a killed initdb, and contains nothing worth keeping.
            if (Directory.Exists(data))
                Directory.Delete(data, recursive: true);
            await File.WriteAllTextAsync(passwordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)), cancellationToken);
            OwnerOnly(passwordFile);
            if (IsRoot)
                await HandOverAsync(folder, cancellationToken);
            await RunAsync(Path.Combine(binaries, "initdb"),
                ["-D", data, "-U", Superuser, "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"],
                asPostgres: true, cancellationToken);
        }

        var password = (await File.ReadAllTextAsync(passwordFile, cancellationToken)).Trim();
        if (RunningPort(data) is { } running)
            return new PrivatePostgres(folder, binaries, running, password);

        var port = UsualPort(Path.Combine(folder, "port"));
        string[] defaults = ["max_connections=400", "max_wal_size=2GB", "shared_buffers=128MB"];
        var options = string.Join(' ', defaults.Concat(settings ?? [])
            .Append($"port={port.ToString(CultureInfo.InvariantCulture)}").Append("listen_addresses=127.0.0.1").Append("unix_socket_directories=")
            .Select(s => $"-c {s}"));
        // Not cancelled halfway, because nobody would stop a server that comes up afterwards.
        cancellationToken.ThrowIfCancellationRequested();
        await RunAsync(Path.Combine(binaries, "pg_ctl"),
            ["-D", data, "-w", "-t", "60", "-l", Path.Combine(folder, "postgres.log"), "-o", options, "start"], asPostgres: true, CancellationToken.None);
        return new PrivatePostgres(folder, binaries, port, password);
    }

    /// <summary>Stops the server like a crash (immediate) or orderly (fast). The next start recovers.</summary>
    public Task StopAsync(bool immediate = false) =>
        RunAsync(Path.Combine(programs, "pg_ctl"),
            ["-D", Path.Combine(folder, "data"), "-w", "-m", immediate ? "immediate" : "fast", "stop"], asPostgres: true, CancellationToken.None);

    /// <summary>Stops and starts on the same port.</summary>
    public async Task RestartAsync(bool immediate = false) =>
        await RunAsync(Path.Combine(programs, "pg_ctl"),
            ["-D", Path.Combine(folder, "data"), "-w", "-m", immediate ? "immediate" : "fast", "-l", Path.Combine(folder, "postgres.log"), "restart"],
            asPostgres: true, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (RunningPort(Path.Combine(folder, "data")) is not null)
            await StopAsync();
    }

    private static bool IsRoot => Environment.UserName == "root";

    private static int? RunningPort(string data)
    {
        var file = Path.Combine(data, "postmaster.pid");
        if (!File.Exists(file))
            return null;
        var lines = File.ReadAllLines(file);
        if (lines.Length < 4 || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var pid) || !int.TryParse(lines[3], CultureInfo.InvariantCulture, out var port))
            return null;
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.ProcessName.StartsWith("postgres", StringComparison.Ordinal) && WorksIn(pid, data) ? port : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    // After a crash of the machine the process id may belong to another cluster. PostgreSQL's working directory is its data folder.
    private static bool WorksIn(int pid, string data)
    {
        var link = new FileInfo($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cwd");
        return link.LinkTarget is not { } folder || string.Equals(folder, Path.GetFullPath(data), StringComparison.Ordinal);
    }

    private static string FindBinaries()
    {
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(v => v, StringComparer.Ordinal).Select(v => Path.Combine(v, "bin"))
            : [];
        return debian.Concat(Programs.Path).FirstOrDefault(d => Programs.Find("initdb", [d]) is not null && Programs.Find("pg_ctl", [d]) is not null)
            ?? throw new InvalidOperationException(
                "PostgreSQL's server programs (initdb, pg_ctl) were not found. Install them (Debian, Ubuntu: apt-get install postgresql; " +
                "macOS: brew install postgresql), or set Saga:Registry:ConnectionString and Saga:Databases:Servers:main:ConnectionString to a PostgreSQL on this machine.");
    }

    // The port of the last start if it is free, so that saved connection settings stay valid.
    private static int UsualPort(string file)
    {
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var last) && LocalPorts.IsFree(last))
            return last;
        var port = LocalPorts.Free();
        File.WriteAllText(file, port.ToString(CultureInfo.InvariantCulture));
        return port;
    }

    private static void OwnerOnly(string file)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static async Task HandOverAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync("chown", ["-R", "postgres", folder], asPostgres: false, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException(
                $"PostgreSQL does not run as root, and {folder} could not be handed to the user 'postgres'. Run this as another user, or create that user (useradd --system postgres). {e.Message}", e);
        }
    }

    // PostgreSQL refuses to run as root, so a root process runs it as the user that Debian's package creates.
    private static async Task RunAsync(string program, string[] arguments, bool asPostgres, CancellationToken cancellationToken)
    {
        string[] line = asPostgres && IsRoot
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]
            : [program, .. arguments];
        var start = new ProcessStartInfo(line[0]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var argument in line.Skip(1))
            start.ArgumentList.Add(argument);
        using var process = Begin(start);
        // The server inherits pg_ctl's output and keeps it open, so wait for the process to end and not for the stream.
        var output = new System.Text.StringBuilder();
        process.OutputDataReceived += (_, e) => Append(e.Data);
        process.ErrorDataReceived += (_, e) => Append(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (!process.HasExited)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Delay(20, cancellationToken);
        }

        if (process.ExitCode != 0)
        {
            lock (output)
                throw new InvalidOperationException($"{Path.GetFileName(program)} failed with {process.ExitCode}: {output.ToString().Trim()}");
        }

        void Append(string? text)
        {
            lock (output)
                output.AppendLine(text);
        }
    }

    private static Process Begin(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"{start.FileName} could not be started: {e.Message}", e);
        }
    }
}
