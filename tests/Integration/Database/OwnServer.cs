using Saga.Host.Embedded;
using Saga.Tests.Support;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A PostgreSQL server for one test class, which changes what affects every tenant on it.</summary>
public sealed class OwnServer : IAsyncLifetime
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"saga-test-own-{Guid.NewGuid():n}");
    private PrivatePostgres postgres = null!;

    public string ConnectionString => postgres.ConnectionString("postgres");

    public async ValueTask InitializeAsync()
    {
        postgres = await PrivatePostgres.StartAsync(folder, ["fsync=off"]);
        Watchdog.WatchPostgres(folder);
        await ClosedDatabases.OnServerAsync(ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await postgres.StopAsync(immediate: true);
        Directory.Delete(folder, recursive: true);
    }
}
