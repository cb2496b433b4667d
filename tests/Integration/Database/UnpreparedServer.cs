using Saga.Host.Embedded;
using Saga.Tests.Support;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A PostgreSQL server for one test class, as it is after its installation.</summary>
public class UnpreparedServer : IAsyncLifetime
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"saga-test-own-{Guid.NewGuid():n}");
    private PrivatePostgres postgres = null!;

    /// <summary>The superuser's.</summary>
    public string ConnectionString => postgres.ConnectionString("postgres");

    public virtual async ValueTask InitializeAsync()
    {
        postgres = await PrivatePostgres.StartAsync(folder, ["fsync=off"], TestedPostgres.Folder);
        Watchdog.WatchPostgres(folder);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await postgres.StopAsync(immediate: true);
        Directory.Delete(folder, recursive: true);
    }
}
