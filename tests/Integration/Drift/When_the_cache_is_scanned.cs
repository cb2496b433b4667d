using Npgsql;
using Saga.Contracts.Steps;
using Saga.Tenancy.Cache;
using Saga.Tests.Integration.Cache;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Shouldly;
using StackExchange.Redis;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_the_cache_is_scanned : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private DriftScans scans = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        scans = new(registry);
        tenant = await Seed.TenantAsync(registry, "acme");
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_find_users_that_are_off_changed_or_gone()
    {
        var redis = await RedisServer.SharedAsync();
        await using var host = CacheHost.On(redis, registry);
        await ProvisionAsync(host);
        var (inventory, user) = (host.Get<CacheInventory>(), $"t_{tenant.Id.Compact}");
        using var admin = await ConnectionMultiplexer.ConnectAsync(redis.Address + ",allowAdmin=true");

        (await scans.RunAsync(inventory)).Compared.ShouldBe(1);
        (await scans.OpenAsync()).ShouldBeEmpty();

        await admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", user, "off", "allkeys");
        await scans.RunAsync(inventory);
        (await scans.OpenAsync()).ShouldBe([$"different cacheUser {user} enabled=no!yes keys=~*!~t:{tenant.Id}:*"]);

        await admin.GetDatabase().ExecuteAsync("ACL", "DELUSER", user);
        await scans.RunAsync(inventory);
        (await scans.OpenAsync()).ShouldBe([$"missing cacheUser {user}"]);
    }

    [Theory, InlineData(false, 0), InlineData(true, 1)]
    public async Task Should_see_what_has_just_changed_only_if_it_is_asked_for(bool includeRecent, int found)
    {
        var redis = await RedisServer.SharedAsync();
        await using var host = CacheHost.On(redis, registry);
        await ProvisionAsync(host);
        await registry.ExecuteAsync("update operations set finished_at = now()");
        using var admin = await ConnectionMultiplexer.ConnectAsync(redis.Address + ",allowAdmin=true");
        await admin.GetDatabase().ExecuteAsync("ACL", "DELUSER", $"t_{tenant.Id.Compact}");

        await new DriftScans(registry) { GraceMinutes = 15, IncludeRecent = includeRecent }.RunAsync(host.Get<CacheInventory>(), 1, tenant.Id);

        (await scans.OpenAsync()).Count.ShouldBe(found);
    }

    [Fact]
    public async Task Should_find_users_of_tenants_that_a_restored_registry_does_not_know_and_no_others()
    {
        await using var restored = await PostgresServer.NewRegistryAsync();
        await using var other = await PostgresServer.NewRegistryAsync();
        await restored.ExecuteAsync("update installation set id = @Id", new { Id = await registry.ScalarAsync<Guid>("select id from installation") });
        await using var host = CacheHost.On(await RedisServer.SharedAsync(), registry);
        await ProvisionAsync(host);
        var (here, there) = (new DriftScans(restored), new DriftScans(other));

        await here.RunAsync(host.Get<CacheInventory>());
        await there.RunAsync(host.Get<CacheInventory>());

        (await here.OpenAsync()).ShouldBe([$"orphan cacheUser t_{tenant.Id.Compact}"]);
        (await there.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_entries_of_tenants_that_are_gone_in_a_cache_without_users()
    {
        await using var host = CacheHost.InProcess(registry);
        await ProvisionAsync(host);
        var gone = WorkerHost.NewTenant();
        foreach (var id in new[] { tenant.Id, gone })
            await host.Get<ICacheStore>().For(id).SetAsync(CacheKey.Parse("a"), new byte[] { 1 }, TimeSpan.FromMinutes(1), default);

        await scans.RunAsync(host.Get<CacheInventory>());

        (await scans.OpenAsync()).ShouldBe([$"orphan cacheEntries t:{gone}:"]);
    }

    private async Task ProvisionAsync(WorkerHost host)
    {
        await host.Step(StepNames.Cache).ExecuteAsync(await tenant.BeginAsync(StepNames.Cache), default);
        await scans.ActivateAsync(tenant);
    }
}
