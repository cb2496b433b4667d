using System.Globalization;
using System.Security.Cryptography;
using Saga.Host.Processes;

namespace Saga.Host.Embedded;

/// <summary>
/// The files of a private cluster. The cluster in <c>data</c> is always complete: it is created under another name and renamed at
/// the end. One process uses the folder at a time.
/// </summary>
internal sealed class PostgresFolder(string path)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Data { get; } = Path.Combine(path, "data");

    public string Log { get; } = Path.Combine(path, "postgres.log");

    private string PasswordFile => Path.Combine(path, "password");

    /// <summary>What to do about a cluster that cannot be used.</summary>
    public string Remedy => $"If its data is not needed, delete {path}; the next start creates a new cluster.";

    /// <summary>Creates the cluster if there is none, and removes what a killed process left.</summary>
    /// <returns>The superuser's password.</returns>
    /// <exception cref="InvalidOperationException">The cluster cannot be created or used; the message says what to do.</exception>
    public async Task<string> PrepareAsync(PostgresPrograms programs, string superuser, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(path, Private);
            File.SetUnixFileMode(path, Private);
            await PostgresPrograms.HandOverAsync(path, cancellationToken);
            var made = Data + ".new";
            await EndLeftOversAsync(made);
            if (Directory.Exists(made))
                Directory.Delete(made, recursive: true);
            if (!File.Exists(Path.Combine(Data, "PG_VERSION")))
                await CreateAsync(programs, made, superuser, cancellationToken);
            await EndLeftOversAsync(Data);
            // Nobody works in the folder, so this file names a process of the past, whose id another process may have by now.
            if (OperatingSystem.IsLinux())
                File.Delete(Path.Combine(Data, "postmaster.pid"));
            return Password() ?? throw new InvalidOperationException($"The password of the PostgreSQL in {path} is missing: {PasswordFile} is not there or is empty. Restore that file. {Remedy}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"The PostgreSQL in {path} cannot be used: {e.Message} {Remedy}", e);
        }
    }

    /// <summary>The port of the last start if it is free, so that saved connection settings stay valid.</summary>
    public int UsualPort()
    {
        var file = Path.Combine(path, "port");
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var last) && last is > 0 and < 65536 && LocalPorts.IsFree(last))
            return last;
        var port = LocalPorts.Free();
        File.WriteAllText(file, port.ToString(CultureInfo.InvariantCulture));
        return port;
    }

    /// <summary>Whether the process accepts connections, as it writes into its lock file. A standby accepts those that only read.</summary>
    public bool IsReady(int pid)
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(Data, "postmaster.pid"));
            return lines.Length >= 8 && lines[0].Trim() == pid.ToString(CultureInfo.InvariantCulture) && lines[7].Trim() is "ready" or "standby";
        }
        catch (IOException)
        {
            return false;
        }
    }

    // A cluster without PG_VERSION was never complete and contains nothing worth keeping.
    private async Task CreateAsync(PostgresPrograms programs, string made, string superuser, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Data))
            Directory.Delete(Data, recursive: true);
        OwnerOnlyFile.Replace(PasswordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        await PostgresPrograms.HandOverAsync(PasswordFile, cancellationToken);
        try
        {
            await programs.InitializeAsync(made, superuser, PasswordFile, cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException($"PostgreSQL could not create its files in {path}: {e.Message}", e);
        }

        Directory.Move(made, Data);
    }

    private string? Password() => File.Exists(PasswordFile) && File.ReadAllText(PasswordFile).Trim() is { Length: > 0 } password ? password : null;

    // PostgreSQL's processes work in their data folder. These belong to a process that was killed, or are just ending.
    private static async Task EndLeftOversAsync(string data)
    {
        var asked = TimeSpan.Zero;
        for (var wait = TimeSpan.FromMilliseconds(20); ProcessesIn(data) is { Count: > 0 } left; asked += wait)
        {
            foreach (var pid in left)
                _ = Signals.Send(pid, asked < TimeSpan.FromSeconds(10) ? Signals.Quit : Signals.Kill);
            await Task.Delay(wait);
        }
    }

    private static List<int> ProcessesIn(string folder) => !OperatingSystem.IsLinux() ? [] :
    [
        .. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0 && pid != Environment.ProcessId && WorksIn(pid, folder)),
    ];

    private static bool WorksIn(int pid, string folder)
    {
        try
        {
            return string.Equals(new FileInfo($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cwd").LinkTarget, folder, StringComparison.Ordinal)
                && File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/comm").StartsWith("postgres", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or it belongs to another user, so it is not ours.
            return false;
        }
    }
}
