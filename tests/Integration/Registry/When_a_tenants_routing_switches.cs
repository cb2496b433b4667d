using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Registry;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_a_tenants_routing_switches
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_make_the_other_current_under_a_new_epoch_and_keep_the_first()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        var beside = await BesideAsync(registry, tenant);
        var store = Store(registry);

        (await store.SwitchAsync((await tenant.BeginAsync("move")).Lease, tenant.Id, 1, beside, Cancellation)).ShouldBe(SwitchOutcome.Switched);

        var current = (await tenant.ReadAsync()).Placed.ShouldNotBeNull();
        (current.Id, current.State, current.Epoch, current.Place.Database).ShouldBe((beside, PlacementState.Current, 3, "beside"));
        (await StatesAsync(registry)).ShouldBe("1 kept, 3 current");
    }

    [Fact]
    public async Task Should_go_back_to_a_kept_one_under_a_new_epoch()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        var beside = await BesideAsync(registry, tenant);
        var store = Store(registry);
        await store.SwitchAsync((await tenant.BeginAsync("move")).Lease, tenant.Id, 1, beside, Cancellation);

        (await store.SwitchAsync((await tenant.BeginAsync("move")).Lease, tenant.Id, 3, tenant.Id.Value, Cancellation)).ShouldBe(SwitchOutcome.Switched);

        (await StatesAsync(registry)).ShouldBe("3 kept, 4 current");
    }

    [Fact]
    public async Task Should_refuse_another_epoch_and_a_target_that_is_not_the_tenants()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        var beside = await BesideAsync(registry, tenant);
        var lease = (await tenant.BeginAsync("move")).Lease;

        (await Store(registry).SwitchAsync(lease, tenant.Id, 2, beside, Cancellation)).ShouldBe(SwitchOutcome.Stale);
        (await Store(registry).SwitchAsync(lease, tenant.Id, 1, Guid.NewGuid(), Cancellation)).ShouldBe(SwitchOutcome.NoTarget);
        (await Store(registry).SwitchAsync(lease, tenant.Id, 1, tenant.Id.Value, Cancellation)).ShouldBe(SwitchOutcome.NoTarget, "it is current already");

        (await StatesAsync(registry)).ShouldBe("1 current, 2 building");
    }

    [Fact]
    public async Task Should_have_one_winner_of_many()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        for (var round = 0; round < 10; round++)
        {
            var tenant = await TenantAsync(registry, $"acme-{round}");
            var beside = await BesideAsync(registry, tenant);
            var leases = new List<StepLease>();
            for (var i = 0; i < 6; i++)
                leases.Add((await tenant.BeginAsync($"move-{i}")).Lease);

            var outcomes = await Task.WhenAll(leases.Select(l => Task.Run(() => Store(registry).SwitchAsync(l, tenant.Id, 1, beside, Cancellation))));

            outcomes.Count(o => o == SwitchOutcome.Switched).ShouldBe(1);
            outcomes.Count(o => o == SwitchOutcome.Stale).ShouldBe(5);
        }
    }

    [Fact]
    public async Task Should_change_nothing_under_a_lost_lease()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await TenantAsync(registry);
        var beside = await BesideAsync(registry, tenant);
        var stale = (await tenant.BeginAsync("move")).Lease;
        await tenant.BeginAsync("move");

        await Should.ThrowAsync<LeaseLostException>(() => Store(registry).SwitchAsync(stale, tenant.Id, 1, beside, Cancellation));

        (await StatesAsync(registry)).ShouldBe("1 current, 2 building");
    }

    private static PlacementStore Store(NpgsqlDataSource registry) => new(registry, new LeasedTransactions(registry, new RegistryClock()));

    private static Task<SeededTenant> TenantAsync(NpgsqlDataSource registry, string slug = "acme") =>
        Seed.TenantAsync(registry, slug, placement: new("eu-1", "first", "product"), status: TenantStatus.Active);

    private static async Task<Guid> BesideAsync(NpgsqlDataSource registry, SeededTenant tenant)
    {
        var id = Guid.CreateVersion7();
        await registry.ExecuteAsync(
            """
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            values (@id, @Value, 2, 'eu-1', 'beside', 'product', 'database', 't_beside', 't_beside_owner', 'building')
            """,
            new { id, tenant.Id.Value });
        return id;
    }

    private static Task<string?> StatesAsync(NpgsqlDataSource registry) =>
        registry.ScalarAsync<string>("select string_agg(epoch || ' ' || state, ', ' order by epoch) from placements");
}
