using System.Text;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tenancy.Cache;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Cache;

public sealed class When_a_tenants_cache_is_removed : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;
    private WorkerHost host = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = CacheHost.On(await RedisServer.SharedAsync(), registry);
        tenant = await Seed.TenantAsync(registry, "acme");
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_remove_user_and_keys_and_see_that_nothing_is_left()
    {
        await host.Step(StepNames.Cache).ExecuteAsync(await tenant.BeginAsync(StepNames.Cache), default);
        var other = WorkerHost.NewTenant();
        for (var i = 0; i < 50; i++)
            await SetAsync(tenant.Id, $"k{i}");
        await SetAsync(other, "k");

        var removed = (await RemoveAsync()).ShouldBeOfType<RemovalOutput>().Removed.ShouldHaveSingleItem();
        var again = (await RemoveAsync()).ShouldBeOfType<RemovalOutput>().Removed.ShouldHaveSingleItem();

        (removed.Resource, removed.System, removed.Existed, removed.Counts["keys"]).ShouldBe(("cache", "redis", true, 50));
        (again.Existed, again.Counts["keys"]).ShouldBe((true, 50), "it is gone already, but the step still tells what it found first");
        (await host.Get<ICacheProvisioner>().ExistsAsync(tenant.Id, default)).ShouldBeFalse();
        (await host.Get<ICacheStore>().For(other).GetAsync(CacheKey.Parse("k"), default)).ShouldNotBeNull();
        await host.Get<ICacheProvisioner>().RemoveAsync(other, default);
    }

    [Fact]
    public async Task Should_name_the_cache_that_was_used()
    {
        await using var embedded = CacheHost.InProcess(registry);

        var removed = (await embedded.Step(StepNames.RemoveCache).ExecuteAsync(await tenant.BeginAsync(StepNames.RemoveCache), default)).ShouldBeOfType<RemovalOutput>().Removed.ShouldHaveSingleItem();

        removed.System.ShouldBe("inprocess");
    }

    [Fact]
    public async Task Should_remove_keys_whose_user_is_gone()
    {
        await SetAsync(tenant.Id, "k");

        (await RemoveAsync()).ShouldBeOfType<RemovalOutput>().Removed.Single().Counts["keys"].ShouldBe(1);
    }

    [Fact]
    public async Task Should_touch_nothing_without_the_lease()
    {
        await SetAsync(tenant.Id, "k");
        var stale = await tenant.BeginAsync(StepNames.RemoveCache);
        await tenant.BeginAsync(StepNames.RemoveCache);

        await Should.ThrowAsync<LeaseLostException>(() => host.Step(StepNames.RemoveCache).ExecuteAsync(stale, default));

        (await host.Get<ICacheProvisioner>().ExistsAsync(tenant.Id, default)).ShouldBeTrue();
    }

    private Task SetAsync(TenantId of, string key) => host.Get<ICacheStore>().For(of).SetAsync(CacheKey.Parse(key), Encoding.UTF8.GetBytes("x"), TimeSpan.FromMinutes(5), default);

    private async Task<object?> RemoveAsync() => await host.Step(StepNames.RemoveCache).ExecuteAsync(await tenant.BeginAsync(StepNames.RemoveCache), default);
}
