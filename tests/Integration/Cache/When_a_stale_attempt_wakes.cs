using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Cache;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Cache;

/// <summary>An attempt was paused while its compensation ran. The test checks what Redis contains afterwards.</summary>
public sealed class When_a_stale_attempt_wakes : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;
    private RedisServer redis = null!;
    private WorkerHost host = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme");
        redis = await RedisServer.SharedAsync();
        host = CacheHost.On(redis, registry);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_make_no_user()
    {
        var stale = await tenant.BeginAsync(StepNames.Cache);
        await host.Step(StepNames.Cache).CompensateAsync(await tenant.BeginAsync(StepNames.Cache), None);

        // As if it had stored its credential before the pause.
        using (new LeasedTransactions(registry, new RegistryClock()).Guard(stale.Lease))
            await Should.ThrowAsync<LeaseLostException>(() => Provisioner.ProvisionAsync(tenant.Id, new Credential(Provisioner.User(tenant.Id)!, "secret"), Guid.Empty, None));

        (await Provisioner.ExistsAsync(tenant.Id, None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_remove_neither_the_user_nor_the_keys_of_a_newer_attempt()
    {
        var stale = await tenant.BeginAsync(StepNames.Cache);
        await host.Step(StepNames.Cache).ExecuteAsync(await tenant.BeginAsync(StepNames.Cache), None);
        await host.Get<ICacheStore>().For(tenant.Id).SetAsync(CacheKey.Parse("a"), new byte[] { 1 }, TimeSpan.FromMinutes(1), None);

        using (new LeasedTransactions(registry, new RegistryClock()).Guard(stale.Lease))
            await Should.ThrowAsync<LeaseLostException>(() => Provisioner.RemoveAsync(tenant.Id, None));

        (await host.Get<ICacheStore>().For(tenant.Id).GetAsync(CacheKey.Parse("a"), None)).ShouldNotBeNull();
        (await Provisioner.ExistsAsync(tenant.Id, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_make_no_user_when_it_was_frozen_after_the_registry_had_said_yes()
    {
        var frozen = await tenant.BeginAsync(StepNames.Cache);

        using (new LeasedTransactions(registry, new RegistryClock()).Guard(frozen.Lease, stands: () => false))
            await Should.ThrowAsync<LeaseLostException>(() => Provisioner.ProvisionAsync(tenant.Id, new Credential(Provisioner.User(tenant.Id)!, "secret"), Guid.Empty, None));

        (await Provisioner.ExistsAsync(tenant.Id, None)).ShouldBeFalse();
    }

    [Fact]
    public void Should_be_compensated_once_more_ten_seconds_after_a_command_without_an_answer() =>
        host.Step(StepNames.Cache).LingersFor.ShouldBe(TimeSpan.FromSeconds(10));

    private ICacheProvisioner Provisioner => host.Get<ICacheProvisioner>();
}
