using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_move_is_reverted(MoveServers servers) : IClassFixture<MoveServers>
{
    [Theory]
    [InlineData(IsolationTier.Row, IsolationTier.Schema, "main")]
    [InlineData(IsolationTier.Schema, IsolationTier.Row, "other")]
    [InlineData(IsolationTier.Database, IsolationTier.Database, "other")]
    public async Task Should_be_in_the_former_place_and_leave_nothing_though_every_step_runs_twice(IsolationTier from, IsolationTier to, string server)
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MovedAsync(world, from, to, server);
        var before = await MoveWorld.RowsAsync(world, tenant);

        foreach (var step in MoveWorld.Back)
        {
            await MoveWorld.RunAsync(world, tenant, step);
            await MoveWorld.RunAsync(world, tenant, step);
        }

        (await MoveWorld.RowsAsync(world, tenant)).ShouldBe(before);
        var back = await tenant.ReadAsync();
        (back.Tier, back.Current!.Place.Server, back.Current.Id).ShouldBe((from, "main", tenant.Id.Value));
        back.Holds.ShouldBeEmpty();
        (await world.RegistryAsync<string>("select string_agg(state || coalesce(kept_until::text, ''), ' ' order by epoch) from placements")).ShouldBe("gone current");
        (await world.RegistryAsync<string>("select string_agg(state, ' ') from scheduled_commands")).ShouldBe("cancelled");
        (await world.RegistryAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantMoved'")).ShouldBe(2);
        (await world.RegistryAsync<long>("select count(*) from tenant_credentials")).ShouldBe(1);
        (await world.RegistryAsync<long>("select sum(placed) from database_servers")).ShouldBe(1);
        await using var direct = await MoveWorld.SignInAsync(world, tenant);
        await direct.ExecuteAsync("insert into kinds (id) values (-1)");
    }

    [Theory]
    [InlineData("insert into kinds (id) values (-1)")]
    [InlineData("update kinds set plain = '{}' where id = 3")]
    [InlineData("delete from kinds where id = 3")]
    public async Task Should_stay_in_the_new_place_when_a_row_was_written_since(string written)
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MovedAsync(world, IsolationTier.Row, IsolationTier.Schema, "main");
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            await session.Connection.ExecuteAsync(written);
            await session.CommitAsync(default);
        }

        var before = await MoveWorld.RowsAsync(world, tenant);
        foreach (var step in MoveWorld.Back[..2])
            await MoveWorld.RunAsync(world, tenant, step);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.CompareCopy))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("written-since-move", false));
        failure.Message.ShouldContain("Table 'kinds' differs");
        foreach (var step in (string[])[StepNames.CompareCopy, StepNames.LockPlace, StepNames.BeginRevert])
            await world.CompensateAsync(tenant, step);
        (await tenant.ReadAsync()).ShouldSatisfyAllConditions(t => t.Tier.ShouldBe(IsolationTier.Schema), t => t.Holds.ShouldBeEmpty());
        // The lock has ended its sessions.
        await world.Connections.CloseAsync(tenant.Id);
        (await MoveWorld.RowsAsync(world, tenant)).ShouldBe(before);
        (await world.RegistryAsync<string>("select string_agg(state, ' ') from scheduled_commands")).ShouldBe("scheduled", "the copy is still removed in time");
        await using var direct = await MoveWorld.SignInAsync(world, tenant);
        await direct.ExecuteAsync("insert into kinds (id) values (-2)");
    }

    [Fact]
    public async Task Should_be_refused_when_the_copy_was_removed()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MovedAsync(world, IsolationTier.Row, IsolationTier.Schema, "main");
        await world.Registry.ExecuteAsync("update operations set input = jsonb_build_object('tenantId', tenant_id, 'placementId', (select id from placements where state = 'kept'))");
        await world.ExecuteAsync(tenant, StepNames.DropCopy);

        (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.BeginRevert))).Failure.Code.ShouldBe("no-copy-kept");
    }

    [Fact]
    public async Task Should_not_be_undone_after_the_switch()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MovedAsync(world, IsolationTier.Row, IsolationTier.Schema, "main");
        foreach (var step in MoveWorld.Back[..5])
            await MoveWorld.RunAsync(world, tenant, step);

        (await Should.ThrowAsync<StepFailureException>(() => world.CompensateAsync(tenant, StepNames.SwitchBack))).Failure.Code.ShouldBe("already-switched");
    }

    private static async Task<SeededTenant> MovedAsync(DatabaseWorld world, IsolationTier from, IsolationTier to, string server)
    {
        var tenant = await MoveWorld.ActiveAsync(world, from, to, server);
        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(world, tenant, step);
        return tenant;
    }
}
