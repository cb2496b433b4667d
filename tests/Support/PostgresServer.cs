using System.Globalization;
using Npgsql;
using Saga.Host.Embedded;
using Saga.Tests.Support.Containers;

namespace Saga.Tests.Support;

/// <summary>
/// One PostgreSQL server for all tests of a process, started on first use and stopped at its end;
/// or the server in SAGA_TEST_POSTGRES (a superuser's connection string), or one that <see cref="TestServers"/> chooses. Each test uses fresh databases.
/// </summary>
public static class PostgresServer
{
    private static readonly Lazy<Task<string>> Shared = new(StartAsync);
    private static int count;

    /// <summary>The superuser's connection string for the maintenance database.</summary>
    public static Task<string> AdminConnectionStringAsync() => Shared.Value;

    /// <summary>A new, empty database, for a test or a fixture.</summary>
    public static Task<string> NewDatabaseAsync(string prefix = "test") => ForTestAsync(prefix, (admin, name) => ClosedDatabases.CreateAsync(admin, name));

    /// <summary>A new, empty database for all tests.</summary>
    public static Task<string> NewSharedDatabaseAsync(string prefix) => CreateAsync(prefix, (admin, name) => ClosedDatabases.CreateAsync(admin, name));

    /// <summary>
    /// A new control-plane database at its newest version. <see cref="RuntimeLogin"/> may read it, a registered process hosts the
    /// steps of provisioning, and the server <c>main</c> has room.
    /// </summary>
    public static async Task<NpgsqlDataSource> NewRegistryAsync()
    {
        var registry = await ForTestAsync("registry", RegistryTemplate.CopyAsync);
        // Tests derive other connection strings from it.
        return NpgsqlDataSource.Create(registry + ";Persist Security Info=true");
    }

    private static async Task<string> ForTestAsync(string prefix, Func<string, string, Task> create)
    {
        await TestDatabases.DropFormerAsync(await Shared.Value);
        var database = await CreateAsync(prefix, create);
        TestDatabases.Add(new NpgsqlConnectionStringBuilder(database).Database!);
        return database;
    }

    private static async Task<string> CreateAsync(string prefix, Func<string, string, Task> create)
    {
        var admin = await Shared.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}_{Environment.ProcessId}_{Interlocked.Increment(ref count)}");
        await create(admin, name);
        return new NpgsqlConnectionStringBuilder(admin) { Database = name }.ConnectionString;
    }

    private static async Task<string> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("SAGA_TEST_POSTGRES") is { Length: > 0 } given)
        {
            await TestProvisioner.PrepareAsync(given);
            return given;
        }

        if (await TestServers.AreContainersAsync())
        {
            var container = await PostgresContainer.StartAsync();
            await TestProvisioner.PrepareAsync(container);
            return container;
        }

        var folder = Path.Combine(Path.GetTempPath(), $"saga-test-postgres-{Environment.ProcessId}");
        var server = await PrivatePostgres.StartAsync(folder, ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"], TestedPostgres.Folder);
        Watchdog.WatchPostgres(folder);
        AtEnd.Do(async () =>
        {
            await server.StopAsync(immediate: true);
            // Deleting a gigabyte of databases takes long, so do not wait for it.
            System.Diagnostics.Process.Start("rm", ["-rf", folder]).Dispose();
        });
        await TestProvisioner.PrepareAsync(server.ConnectionString("postgres"));
        return server.ConnectionString("postgres");
    }
}
