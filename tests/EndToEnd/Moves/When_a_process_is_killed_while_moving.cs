using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Revert;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Moves;

/// <summary>
/// A process is killed (SIGKILL) at a boundary of a move or of a revert, and a new process finishes it. The boundaries are generated from the
/// workflows. By default a sample of them is covered, one between copy and switch among them; <c>SAGA_CRASH_ALL=1</c> covers all.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_while_moving
{
    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_be_in_the_new_place_after_a_move_that_was_cut_short()
    {
        CrashPoint copied = Boundaries.Step(StepNames.CopyRows, end: true), switched = Boundaries.Step(StepNames.Switch, end: true);
        IReadOnlyList<CrashPoint> points = CrashWorlds.All ? Boundaries.Of(MigrateWorkflow.MoveAndChange) : [copied, switched, .. Boundaries.Of(MigrateWorkflow.MoveAndChange).Except([copied, switched]).Sample(1)];
        await RunAsync(points, MigrateWorkflow.Kind, "schema main premium");
    }

    [Fact]
    [InTurn(4, of: 6)]
    public async Task Should_be_in_the_former_place_after_a_revert_that_was_cut_short()
    {
        await RunAsync(Boundaries.Of(RevertWorkflow.WithPlan).Sample(1), RevertWorkflow.Kind, "row main basic");
    }

    private static async Task RunAsync(IReadOnlyList<CrashPoint> points, string kind, string where)
    {
        var reverts = kind == RevertWorkflow.Kind;
        await using var site = await MoveSite.StartAsync();
        var tenants = await site.ActiveAsync(points.Select(p => p.ToString()));
        if (reverts)
            await Task.WhenAll(tenants.Select(async t => await site.EndAsync(await site.MigrateAsync(MoveSite.ToPremium(t)), OperationState.Completed)));
        var rows = await Task.WhenAll(tenants.Select(site.RowsAsync));
        await ExternalState.DrainedAsync(site.Site);
        await site.StopAsync();
        for (var i = 0; i < points.Count; i++)
        {
            var tenant = tenants[i];
            using (var process = new CrashingProcess(new CrashOrders
            {
                Settings = site.Site.Settings,
                At = points[i],
                Migrate = reverts ? null : MoveSite.ToPremium(tenant),
                Revert = reverts ? MoveSite.Back(tenant) : null,
            }))
            {
                (await process.DiedAsync(() => IsDoneAsync(site, tenant, kind))).ShouldBeTrue($"{points[i]} was never reached");
            }

            await site.RunAsync();
            // The sender does not know the outcome, so it sends the command again.
            await site.EndAsync(await (reverts ? site.RevertAsync(MoveSite.Back(tenant)) : site.MigrateAsync(MoveSite.ToPremium(tenant))), OperationState.Completed);
            await ExternalState.DrainedAsync(site.Site);
            if (i < points.Count - 1)
                await site.StopAsync();
            (await site.WhereAsync(tenant)).ShouldBe(where, points[i].ToString());
            (await site.RowsAsync(tenant)).ShouldBe(rows[i], points[i].ToString());
        }

        await ExternalState.CompareAsync(site.Site);
        (await site.ScalarAsync<long>("select count(*) from operations where kind = @kind", new { kind })).ShouldBe(points.Count);
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from operation_scopes)")).ShouldBe(0);
    }

    private static Task<bool> IsDoneAsync(MoveSite site, TenantId tenant, string kind) => site.ScalarAsync<bool>(
        "select not exists (select from outbox) and exists (select from operations where tenant_id = @Value and kind = @kind and finished_at is not null)", new { tenant.Value, kind });
}
