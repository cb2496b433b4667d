using System.Globalization;
using Npgsql;
using Saga.Host.Embedded;
using Saga.Registry.Schema;
using Saga.Tests.Support;

namespace Saga.Bench.Servers;

/// <summary>The benchmark's own PostgreSQL with default settings: fsync and synchronous commit on.</summary>
internal sealed class BenchPostgres : IAsyncDisposable
{
    private readonly PrivatePostgres server;
    private readonly string folder;
    private int count;

    private BenchPostgres(PrivatePostgres server, string folder)
    {
        this.server = server;
        this.folder = folder;
    }

    /// <param name="settings">Server settings (<c>name=value</c>) over those of a private cluster.</param>
    public static async Task<BenchPostgres> StartAsync(params string[] settings)
    {
        var place = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"saga-bench-postgres-{Environment.ProcessId}"));
        var started = await PrivatePostgres.StartAsync(place, settings);
        Watchdog.WatchPostgres(place);
        await TestProvisioner.PrepareAsync(started.ConnectionString("postgres"));
        return new BenchPostgres(started, place);
    }

    /// <summary>The folder below which its processes work.</summary>
    public string Folder => folder;

    public string Admin => server.ConnectionString("postgres");

    /// <summary>A new control-plane database, with a data source like the product's.</summary>
    public async Task<string> NewRegistryAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"registry{++count}");
        await ClosedDatabases.CreateAsync(Admin, name);
        var registry = new NpgsqlConnectionStringBuilder(server.ConnectionString(name)) { MaxAutoPrepare = 64 }.ConnectionString;
        await using var source = NpgsqlDataSource.Create(registry);
        await new RegistryMigrator(source).MigrateAsync();
        await Seed.ServerAsync(source, "main", "default", maxTenants: 100_000);
        return registry;
    }

    /// <exception cref="InvalidOperationException">The server would lose commits in a crash, so its figures would not count.</exception>
    public async Task<string> VersionAsync()
    {
        await using var connection = new NpgsqlConnection(Admin);
        await connection.OpenAsync();
        await using var show = new NpgsqlCommand("select current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')", connection);
        await using var row = await show.ExecuteReaderAsync();
        await row.ReadAsync();
        if (row.GetString(1) != "on" || row.GetString(2) != "on")
            throw new InvalidOperationException("PostgreSQL must run with fsync and synchronous_commit on.");
        return $"PostgreSQL {row.GetString(0)} (fsync on)";
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await server.StopAsync(immediate: true);
        Directory.Delete(folder, recursive: true);
    }
}
