using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Host.Embedded;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A database server with a streaming replica.</summary>
public sealed class ReplicatedServer : IAsyncLifetime
{
    public PrivatePostgres Primary { get; private set; } = null!;

    public PrivatePostgres Replica { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // Commits reach the disk, and so the replica, at once.
        Primary = await World.NewPostgresAsync();
        Replica = await PostgresStandby.StartAsync(Primary, "max_connections=600");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Workers on it, which know the replica as <c>b</c>.</summary>
    internal Task<DatabaseWorld> WorldAsync(params (string Key, string Value)[] settings) => WorldAsync(null, settings);

    /// <summary>The same on a registry that exists.</summary>
    internal Task<DatabaseWorld> WorldAsync(NpgsqlDataSource? registry, params (string Key, string Value)[] settings) => DatabaseWorld.CreateAsync(
        registry,
        server: Primary.ConnectionString("postgres"),
        settings: [.. At("b", Replica.Port), .. settings]);

    /// <summary>Workers that also have a replica <c>a</c>, which does not answer.</summary>
    internal Task<DatabaseWorld> WithOneAwayAsync(DatabaseWorld world) => WorldAsync(world.Registry, At("a", FreePorts.Next()));

    public static (string Key, string Value)[] At(string name, int port) =>
    [
        ($"Saga:Databases:Servers:main:Replicas:{name}:Host", "127.0.0.1"),
        ($"Saga:Databases:Servers:main:Replicas:{name}:Port", port.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>Runs a statement on the replica as superuser.</summary>
    public async Task OnReplicaAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Replica.ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.ExecuteAsync(sql);
    }

    /// <summary>Whether the replica lets the login sign in.</summary>
    public async Task<bool> IsAdmittedAsync(string login)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Replica.ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        return await connection.ExecuteScalarAsync<bool>("select rolcanlogin from pg_roles where rolname = @login", new { login });
    }

    /// <summary>A session of the tenant's read-only login on the replica, past all pools.</summary>
    internal async Task<NpgsqlConnection> SignInAsync(DatabaseWorld world, SeededTenant tenant)
    {
        var login = (await world.Connections.ReplicasAsync(tenant.Id, default))[0].ConnectionString;
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(login) { Port = Replica.Port, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>A tenant that wants a read replica and has its tables, and not yet the login.</summary>
    internal static async Task<SeededTenant> WishingAsync(DatabaseWorld world, IsolationTier tier)
    {
        var tenant = await world.TenantAsync(tier);
        await world.Registry.ExecuteAsync("update tenants set read_replica = true where id = @Value", new { tenant.Id.Value });
        foreach (var step in (string[])[StepNames.Reserve, StepNames.Database, StepNames.Migrate])
            await world.ExecuteAsync(tenant, step);
        return tenant;
    }

    /// <summary>An active tenant with a read replica and one user.</summary>
    internal static async Task<SeededTenant> ActiveAsync(DatabaseWorld world, IsolationTier tier)
    {
        var tenant = await WishingAsync(world, tier);
        await world.ExecuteAsync(tenant, StepNames.CreateReplica);
        await world.Registry.ExecuteAsync(
            "update placements set state = 'current' where tenant_id = @Value; update tenants set status = 'active' where id = @Value", new { tenant.Id.Value });
        await world.AddUserAsync(tenant);
        return tenant;
    }

    /// <summary>Waits until the tenant reads so many users on the replica.</summary>
    internal static Task ReadsAsync(DatabaseWorld world, SeededTenant tenant, long users) => Until.TrueAsync(
        async () =>
        {
            try
            {
                await using var session = await world.Connections.OpenReadOnlyAsync(tenant.Id, default);
                return await session.Connection.QuerySingleAsync<(bool, long)>("select pg_is_in_recovery(), (select count(*) from users)") == (true, users);
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InvalidAuthorizationSpecification)
            {
                // The replica does not know yet that the login is admitted.
                return false;
            }
        },
        $"the replica shows {users} users");
}

/// <summary>Tests that share it, and pause it.</summary>
[CollectionDefinition("replicated")]
public sealed class ReplicatedServerTests : ICollectionFixture<ReplicatedServer>;
