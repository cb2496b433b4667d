using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Exports;
using Saga.Tests.Integration.Engine;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Exports;

public sealed class When_an_export_expires
{
    [Fact]
    public async Task Should_remove_the_file_and_say_so_however_often_it_is_tried()
    {
        await using var world = await ExportWorld.CreateAsync();
        var (tenant, other) = (await world.ActiveAsync(IsolationTier.Row), await world.ActiveAsync(IsolationTier.Row));
        var export = await world.ExportAsync(tenant);
        await world.ExportAsync(other);
        await world.WishRemovalAsync(tenant, tenant.Id, export.Id);

        await world.Database.ExecuteAsync(tenant, StepNames.RemoveExport);
        await world.Database.ExecuteAsync(tenant, StepNames.RemoveExport);

        var removed = await world.FindAsync(tenant);
        (removed.State, removed.File, removed.Bytes).ShouldBe((ExportState.Removed, null, export.Bytes));
        removed.RemovedAt.ShouldNotBeNull();
        world.Files().ShouldHaveSingleItem().ShouldContain(other.Id.ToString());
    }

    [Fact]
    public async Task Should_leave_another_tenants_export_alone()
    {
        await using var world = await ExportWorld.CreateAsync();
        var (tenant, other) = (await world.ActiveAsync(IsolationTier.Row), await world.ActiveAsync(IsolationTier.Row));
        var export = await world.ExportAsync(other);
        await world.WishRemovalAsync(tenant, tenant.Id, export.Id);

        await world.Database.ExecuteAsync(tenant, StepNames.RemoveExport);

        (await world.FindAsync(other)).State.ShouldBe(ExportState.Completed);
        world.Files().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_go_with_the_tenant()
    {
        await using var world = await ExportWorld.CreateAsync();
        var (tenant, other) = (await world.ActiveAsync(IsolationTier.Row), await world.ActiveAsync(IsolationTier.Row));
        await world.ExportAsync(tenant);
        await world.ExportAsync(other);

        var removed = ((RemovalOutput)(await world.Database.ExecuteAsync(tenant, StepNames.RemoveStorage))!).Removed.Single(r => r.Resource == "exports");
        var again = ((RemovalOutput)(await world.Database.ExecuteAsync(tenant, StepNames.RemoveStorage))!).Removed.Single(r => r.Resource == "exports");

        (removed.Existed, removed.Counts["files"]).ShouldBe((true, 1));
        (again.Existed, again.Counts["files"]).ShouldBe((true, 1), "it tells what the first attempt found");
        (await world.FindAsync(tenant)).State.ShouldBe(ExportState.Removed);
        world.Files().ShouldHaveSingleItem().ShouldContain(other.Id.ToString());
        (await world.Registry.ScalarAsync<string>("select string_agg(state || ' ' || coalesce(end_reason, ''), ', ' order by state) from scheduled_commands"))
            .ShouldBe("cancelled The files were removed with the tenant., scheduled ");
    }
}
