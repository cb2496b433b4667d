using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Reservation;

public sealed class When_a_tenant_is_activated
{
    [Fact]
    public async Task Should_announce_it_once_however_often_it_runs()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Row);

        await world.ExecuteAsync(tenant, StepNames.Activate);
        await world.ExecuteAsync(tenant, StepNames.Activate);

        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Active);
        (await world.RegistryAsync<long>(
            "select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantProvisioned' and destination is null")).ShouldBe(1);
        (await world.RegistryAsync<string>("select actor || ' ' || action from audit")).ShouldBe("seed tenant.activate");
    }

    [Fact]
    public async Task Should_wake_those_who_keep_tenants_in_memory()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Row);
        await using var listener = await world.Registry.OpenConnectionAsync();
        string? heard = null;
        listener.Notification += (_, e) => heard = e.Payload;
        await using (var listen = new NpgsqlCommand("listen saga_tenants", listener))
            await listen.ExecuteNonQueryAsync();

        await world.ExecuteAsync(tenant, StepNames.Activate);

        (await listener.WaitAsync(WaitLimit.Seconds(10))).ShouldBeTrue();
        heard.ShouldBe(tenant.Id.ToString());
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_is_lost()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Row);
        var stale = await tenant.BeginAsync(StepNames.Activate);
        await tenant.SettleAsync(StepNames.Activate);

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.Activate).ExecuteAsync(stale, default));

        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Provisioning);
        (await world.RegistryAsync<long>("select count(*) from outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_refuse_a_tenant_that_was_undone()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Row);
        await world.CompensateAsync(tenant, StepNames.Reserve);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Activate))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("tenant-status", false));
        (await world.RegistryAsync<long>("select count(*) from outbox")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_be_undone_once_it_is_announced()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (active, waiting) = (await world.TenantAsync(IsolationTier.Row), await world.TenantAsync(IsolationTier.Row));
        await world.ExecuteAsync(active, StepNames.Activate);

        await world.CompensateAsync(waiting, StepNames.Activate);
        (await Should.ThrowAsync<StepFailureException>(() => world.CompensateAsync(active, StepNames.Activate))).Failure.Transient.ShouldBeFalse();

        (await active.ReadAsync()).Status.ShouldBe(TenantStatus.Active);
    }

    [Fact]
    public async Task Should_keep_an_active_tenant_when_its_reservation_is_undone()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Row);
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        await world.ExecuteAsync(tenant, StepNames.Activate);

        await Should.ThrowAsync<StepFailureException>(() => world.CompensateAsync(tenant, StepNames.Reserve));

        var kept = await tenant.ReadAsync();
        (kept.Status, kept.Placement is null).ShouldBe((TenantStatus.Active, false));
    }
}
