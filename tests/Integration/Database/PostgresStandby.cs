using System.Globalization;
using Saga.Host.Embedded;
using Saga.Host.Processes;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Database;

/// <summary>A streaming replica of a private PostgreSQL server, which ends with the tests.</summary>
public static class PostgresStandby
{
    /// <param name="primary">The server.</param>
    /// <param name="settings">The replica's settings; those that limit it must be at least the server's.</param>
    public static async Task<PrivatePostgres> StartAsync(PrivatePostgres primary, params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("saga-test-standby-");
        var place = Path.Combine(folder.FullName, "postgres");
        // PostgreSQL runs as another user when the tests run as root.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(place);
        await PostgresPrograms.HandOverAsync(place, CancellationToken.None);
        var programs = TestedPostgres.Folder ?? PostgresPrograms.Find().Folder;
        await ChildProcesses.RunAsync(
            [
                Path.Combine(programs, "pg_basebackup"), "-D", Path.Combine(place, "data"), "-R", "-X", "stream", "-c", "fast",
                "-d", string.Create(CultureInfo.InvariantCulture, $"host=127.0.0.1 port={primary.Port} user=saga_admin password={primary.Password}"),
            ],
            "/", PostgresPrograms.User);
        var password = Path.Combine(place, "password");
        await File.WriteAllTextAsync(password, primary.Password);
        await PostgresPrograms.HandOverAsync(password, CancellationToken.None);
        var standby = await PrivatePostgres.StartAsync(place, ["fsync=off", .. settings], TestedPostgres.Folder);
        Watchdog.WatchPostgres(place);
        AtEnd.Do(async () =>
        {
            await standby.StopAsync(immediate: true);
            folder.Delete(recursive: true);
        });
        return standby;
    }
}
