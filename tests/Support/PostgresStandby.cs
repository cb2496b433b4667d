using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Host.Embedded;
using Saga.Host.Processes;

namespace Saga.Tests.Support;

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
        await CopyAsync(primary, Path.Combine(place, "data"));
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

    // As pg_basebackup does, which not every folder of PostgreSQL's programs has
    // (https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP).
    private static async Task CopyAsync(PrivatePostgres primary, string data)
    {
        await using var connection = new NpgsqlConnection(primary.ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await connection.ExecuteAsync("select pg_backup_start('standby', true)");
        // Files may go while they are copied; what is missing then is in the log.
        await ChildProcesses.RunAsync(
            ["sh", "-c", "cp -a \"$1\" \"$2\" 2>/dev/null; rm -f \"$2/postmaster.pid\" && test -f \"$2/PG_VERSION\"", "sh", (await connection.QuerySingleAsync<string>("show data_directory"))!, data],
            "/", PostgresPrograms.User);
        var label = await connection.QuerySingleAsync<string>("select labelfile from pg_backup_stop(false)");
        await WriteAsync("backup_label", label);
        await WriteAsync("standby.signal", "");
        await WriteAsync("postgresql.auto.conf", string.Create(
            CultureInfo.InvariantCulture, $"primary_conninfo = 'host=127.0.0.1 port={primary.Port} user=saga_admin password={primary.Password}'\n"));

        async Task WriteAsync(string name, string text)
        {
            var file = Path.Combine(data, name);
            await File.WriteAllTextAsync(file, text);
            await PostgresPrograms.HandOverAsync(file, CancellationToken.None);
        }
    }
}
