using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tenancy.Connections;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_connections_to_tenants_are_kept
{
    [Fact]
    public async Task Should_keep_pools_of_the_most_recently_used_only()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: ("Saga:Connections:MaxPools", "2"));
        var tenants = new List<SeededTenant>();
        for (var i = 0; i < 3; i++)
            tenants.Add(await world.ReadyAsync(IsolationTier.Row));

        await using var open = await world.Connections.OpenAsync(tenants[0].Id, default);
        foreach (var tenant in tenants)
            await UseAsync(world, tenant);

        world.Connections.Pools.ShouldBe(2);
        // A connection that is in use when its pool is evicted is not disturbed.
        (await open.Connection.ExecuteScalarAsync<int>("select 1")).ShouldBe(1);
        await UseAsync(world, tenants[0]);
    }

    [Fact]
    public async Task Should_make_one_pool_when_many_ask_at_once()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Schema);
        await world.Connections.CloseAsync(tenant.Id);

        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => UseAsync(world, tenant)));

        world.Connections.Pools.ShouldBe(1);
    }

    [Fact]
    public async Task Should_leave_no_tenant_set_when_a_transaction_ends()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: ("Saga:Connections:MaxPoolSize", "1"));
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("insert into users (email, display_name) values ('a@acme.com', 'A')");
        await session.CommitAsync(default);

        (await session.Connection.ExecuteScalarAsync<string>("select current_setting('app.tenant_id', true)")).ShouldBeNullOrEmpty();
        (await session.Connection.ExecuteScalarAsync<long>("select count(*) from product.users")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_find_a_tenant_that_was_created_again_since()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: ("Saga:Connections:MaxPoolSize", "1"));
        await using var server = await DatabaseWorld.CreateAsync(SameRegistry(world));
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        await UseAsync(world, tenant);

        // Another process removes and recreates it, so this process's sessions are gone and the password has changed.
        await server.CompensateAsync(tenant, StepNames.Migrate);
        await server.CompensateAsync(tenant, StepNames.Database);
        await server.ExecuteAsync(tenant, StepNames.Database);
        await server.ExecuteAsync(tenant, StepNames.Migrate);

        // Nothing has happened in the transaction that finds it out, so it begins again.
        await UseAsync(world, tenant);
    }

    [Fact]
    public async Task Should_say_that_a_tenant_has_no_database()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Database);

        (await Should.ThrowAsync<TenantUnavailableException>(() => UseAsync(world, tenant))).Message.ShouldContain("no placement");
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        (await Should.ThrowAsync<TenantUnavailableException>(() => UseAsync(world, tenant))).Message.ShouldContain("no login");
    }

    private static async Task UseAsync(DatabaseWorld world, SeededTenant tenant)
    {
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("select count(*) from users");
    }

    private static NpgsqlDataSource SameRegistry(DatabaseWorld world) => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(world.Admin)
    {
        Database = new NpgsqlConnectionStringBuilder(world.Registry.ConnectionString).Database,
        PersistSecurityInfo = true,
    }.ConnectionString);
}
