using System.Diagnostics;
using System.Globalization;
using Saga.Host.Embedded;
using Saga.Tests.Support;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>A PostgreSQL on a disk of its own, which can be filled. The disk is in memory, and only root can mount it.</summary>
internal sealed class SmallDisk
{
    private readonly string folder;

    private SmallDisk(string folder, PrivatePostgres postgres) => (this.folder, Postgres) = (folder, postgres);

    public PrivatePostgres Postgres { get; }

    public static bool CanBeMounted => Environment.UserName == "root";

    private string Filler => Path.Combine(folder, "filler");

    /// <param name="megabytes">Its size.</param>
    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        var mounted = Directory.CreateTempSubdirectory("saga-test-disk-").FullName;
        await RunAsync("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=755"), "tmpfs", mounted);
        PrivatePostgres? postgres = null;
        AtEnd.Do(async () =>
        {
            if (postgres is not null)
                await postgres.StopAsync(immediate: true);
            await RunAsync("umount", "--lazy", mounted);
            Directory.Delete(mounted);
        });
        var data = Path.Combine(mounted, "postgres");
        postgres = await PrivatePostgres.StartAsync(data, ["fsync=off", "full_page_writes=off", "max_connections=600", "min_wal_size=32MB", "max_wal_size=64MB"], TestedPostgres.Folder);
        Watchdog.WatchPostgres(data);
        await TestProvisioner.PrepareAsync(postgres.ConnectionString("postgres"));
        return new(mounted, postgres);
    }

    /// <summary>Writes until nothing is left.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[64 * 1024];
        try
        {
            while (true)
                filler.Write(block);
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    /// <summary>Makes room, and starts the server again, which stops when it cannot write its log.</summary>
    public async Task EmptyAsync()
    {
        File.Delete(Filler);
        await Postgres.RestartAsync(immediate: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} failed: {errors}");
    }
}
