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
    internal Task<DatabaseWorld> WorldAsync(params (string Key, string Value)[] settings) => DatabaseWorld.CreateAsync(
        server: Primary.ConnectionString("postgres"),
        settings: [.. At("b", Replica.Port), .. settings]);

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
            await using var session = await world.Connections.OpenReadOnlyAsync(tenant.Id, default);
            return await session.Connection.QuerySingleAsync<(bool, long)>("select pg_is_in_recovery(), (select count(*) from users)") == (true, users);
        },
        $"the replica shows {users} users");
}

/// <summary>Tests that share it, and pause it.</summary>
[CollectionDefinition("replicated")]
public sealed class ReplicatedServerTests : ICollectionFixture<ReplicatedServer>;
