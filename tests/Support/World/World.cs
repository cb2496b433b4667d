using System.Globalization;
using Npgsql;
using Saga.Host.Embedded;

namespace Saga.Tests.Support.World;

/// <summary>
/// Every external system that provisioning uses, real and private to this process: PostgreSQL, RabbitMQ, Redis, S3 and a mail
/// server. They start on first use and stop at the end of the process. Tests may stop and restart them.
/// </summary>
public sealed class World
{
    private static readonly Lazy<Task<World>> One = new(StartAsync);
    private readonly List<Site> sites = [];
    private int count;

    private World(PrivatePostgres postgres, RabbitServer rabbit, RedisServer redis, S3Server s3) =>
        (Postgres, Rabbit, Redis, S3) = (postgres, rabbit, redis, s3);

    /// <summary>Contains the registries and, unless a site uses another server, the tenants. A restart loses no commits.</summary>
    public PrivatePostgres Postgres { get; }

    public RabbitServer Rabbit { get; }

    public RedisServer Redis { get; }

    public S3Server S3 { get; }

    /// <summary>All sites that were ever set up here.</summary>
    public IReadOnlyList<Site> Sites
    {
        get
        {
            lock (sites)
                return [.. sites];
        }
    }

    public static Task<World> SharedAsync() => One.Value;

    /// <summary>
    /// Sets up a separate control plane with its own registry, virtual host, bucket, directory and mail server. PostgreSQL and Redis are
    /// shared with the other sites.
    /// </summary>
    /// <param name="servers">The servers for tenants; the world's own PostgreSQL, named <c>main</c>, when none is given.</param>
    public async Task<Site> NewSiteAsync(params SiteServer[] servers)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"site_{Interlocked.Increment(ref count)}");
        await ClosedDatabases.CreateAsync(Postgres.ConnectionString("postgres"), name);
        SiteServer[] places = servers.Length > 0 ? servers : [new SiteServer("main", Postgres.ConnectionString("postgres"))];
        var site = await Site.SetUpAsync(this, name, Postgres.ConnectionString(name), await Rabbit.AddVirtualHostAsync(), places);
        lock (sites)
            sites.Add(site);
        return site;
    }

    /// <summary>Stops PostgreSQL if it runs, like a crash (immediate) or in order, and starts it again.</summary>
    public async Task RestartPostgresAsync(bool immediate = true)
    {
        await Postgres.RestartAsync(immediate);
        // Clears the tests' own connections; the code under test must recover by itself.
        foreach (var site in Sites)
            site.Registry.Clear();
    }

    /// <summary>Stops PostgreSQL, like a crash, until <see cref="RestartPostgresAsync"/>.</summary>
    public Task StopPostgresAsync() => Postgres.StopAsync(immediate: true);

    /// <summary>A PostgreSQL cluster whose commits survive an immediate stop (a process crash).</summary>
    /// <param name="settings">Server settings (<c>name=value</c>) on top of the usual ones.</param>
    public static async Task<PrivatePostgres> NewPostgresAsync(params string[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("saga-test-world-");
        // PostgreSQL runs as another user when the tests run as root.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
        var server = await PrivatePostgres.StartAsync(Path.Combine(folder.FullName, "postgres"), ["fsync=off", "full_page_writes=off", "max_connections=600", .. settings], TestedPostgres.Folder);
        Watchdog.WatchPostgres(Path.Combine(folder.FullName, "postgres"));
        await TestProvisioner.PrepareAsync(server.ConnectionString("postgres"));
        AtEnd.Do(async () =>
        {
            await server.StopAsync(immediate: true);
            folder.Delete(recursive: true);
        });
        return server;
    }

    private static async Task<World> StartAsync()
    {
        var postgres = NewPostgresAsync();
        var rabbit = RabbitServer.StartAsync();
        var redis = RedisServer.StartNewAsync();
        var s3 = S3Server.SharedAsync();
        return new World(await postgres, await rabbit, await redis, await s3);
    }
}

/// <summary>A database server for tenants, which is prepared for workers.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="ConnectionString">A superuser's, for the tests.</param>
/// <param name="MaxTenants">How many it takes.</param>
public sealed record SiteServer(string Name, string ConnectionString, int MaxTenants = 1000);
