using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Tiers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>An installation of an earlier version, whose workers signed in as a superuser, changes to the provisioner.</summary>
[IsolationSuite]
public sealed class When_superusers_were_the_workers(UnpreparedServer server) : IClassFixture<UnpreparedServer>
{
    [Fact]
    public async Task Should_go_on_with_their_tenants_as_the_provisioner()
    {
        await ClosedDatabases.OnServerAsync(server.ConnectionString);
        var tenants = new List<SeededTenant>();
        await using var before = await DatabaseWorld.CreateAsync(server: server.ConnectionString, workers: server.ConnectionString);
        foreach (var tier in Enum.GetValues<IsolationTier>())
        {
            tenants.Add(await before.ReadyAsync(tier));
            await VerifyAsync(before, tenants[^1]);
        }

        await before.Get<WarmPool>().AddAsync("main", 1, default);
        await TestProvisioner.PrepareAsync(server.ConnectionString);
        await using var world = await DatabaseWorld.CreateAsync(before.Registry, server: server.ConnectionString);

        (await world.Get<UpdatePlacesAtStart>().UpdateAsync("main", default)).ShouldBe(0);
        foreach (var tier in Enum.GetValues<IsolationTier>())
        {
            tenants.Add(await before.TenantAsync(tier));
            await world.ExecuteAsync(tenants[^1], StepNames.Reserve);
        }

        foreach (var tenant in tenants)
        {
            var placement = (await tenant.ReadAsync()).Placement!;
            // The steps may run again, and a repair runs them.
            await world.ExecuteAsync(tenant, StepNames.Database);
            await world.ExecuteAsync(tenant, StepNames.Migrate);
            await VerifyAsync(world, tenant);
            await world.CompensateAllAsync(tenant);
            (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
        }
    }

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
}
