using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Reservation;

public sealed class When_room_is_counted
{
    [Fact]
    public async Task Should_equal_what_is_there_after_concurrent_reservations_and_compensations()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings:
            [("Saga:Databases:Servers:main:MaxTenants", "25"), ("Saga:Databases:Servers:main:MaxSchemasPerDatabase", "4")]);
        var tenants = new List<SeededTenant>();
        for (var i = 0; i < 40; i++)
            tenants.Add(await world.TenantAsync((IsolationTier)(i % 3)));

        await Task.WhenAll(tenants.Select((tenant, i) => Task.Run(async () =>
        {
            try
            {
                await world.ExecuteAsync(tenant, StepNames.Reserve);
            }
            catch (StepFailureException e) when (e.Failure.Code == "server-full")
            {
                // Another tenant had the last slot.
            }

            if (i % 2 == 0)
                await world.CompensateAsync(tenant, StepNames.Reserve);
        })));

        await using var connection = await world.Registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var (counted, there) = await connection.QuerySingleAsync<(int, long)>(
            "select placed, (select count(*) from placements where state <> 'gone') from database_servers where name = 'main'");
        ((long)counted).ShouldBe(there);
        there.ShouldBeLessThanOrEqualTo(25);
        var databases = (await connection.QueryAsync<(string Database, int Counted, long There)>(
            """
            select d.database, d.schemas, (select count(*) from placements p where p.server = d.server and p.database = d.database and p.state <> 'gone')
            from shared_databases d
            """)).ToList();
        databases.ShouldNotBeEmpty();
        databases.ShouldAllBe(d => d.Counted == d.There && d.There <= 4);
    }

    [Fact]
    public async Task Should_count_a_kept_placement_as_room()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: ("Saga:Databases:Servers:main:MaxTenants", "1"));
        var tenant = await world.TenantAsync(IsolationTier.Row);
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        await world.Registry.ExecuteAsync("update placements set state = 'kept'");

        var failure = await Should.ThrowAsync<StepFailureException>(async () => await world.ExecuteAsync(await world.TenantAsync(IsolationTier.Row), StepNames.Reserve));

        failure.Failure.Code.ShouldBe("server-full");
    }

    [Fact]
    public async Task Should_become_current_with_the_activation_and_gone_when_it_is_undone()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (active, undone) = (await world.TenantAsync(IsolationTier.Schema), await world.TenantAsync(IsolationTier.Schema));
        await world.ExecuteAsync(active, StepNames.Reserve);
        await world.ExecuteAsync(undone, StepNames.Reserve);
        (await active.ReadAsync()).Placed!.State.ShouldBe(PlacementState.Building);

        await world.ExecuteAsync(active, StepNames.Activate);
        await world.CompensateAsync(undone, StepNames.Reserve);

        var current = (await active.ReadAsync()).Placed!;
        (current.State, current.Epoch, current.Tier, current.Login, current.Owner).ShouldBe(
            (PlacementState.Current, 1, IsolationTier.Schema, $"t_{active.Id.Compact}", $"t_{active.Id.Compact}_owner"));
        (await undone.ReadAsync()).Placed.ShouldBeNull();
        (await world.Registry.ScalarAsync<string>("select state from placements where tenant_id = @Value", new { undone.Id.Value })).ShouldBe("gone");
        (await world.Registry.ScalarAsync<int>("select schemas from shared_databases")).ShouldBe(1);
    }
}
