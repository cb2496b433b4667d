using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Reactivate;
using Saga.Lifecycle.Suspend;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Suspension;

/// <summary>
/// A process is killed (SIGKILL) at a boundary of a suspension or a reactivation, and a new process finishes it. The boundaries are
/// generated from the workflows. By default a sample of them is covered; <c>SAGA_CRASH_ALL=1</c> covers all.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_while_suspending
{
    // Parallel results may share a transaction. These many commits there always are: the start, the first step's result, and one more.
    private const int Commits = 3;

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_be_closed_after_a_suspension_that_was_cut_short()
    {
        await RunAsync(SuspendWorkflow.Closing, async (site, tenant) => await site.SuspendAsync(tenant, key: $"suspend-{tenant}"), (_, after) => after.IsClosed.ShouldBeTrue(after.ToString()));
    }

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_be_open_as_before_after_a_reactivation_that_was_cut_short()
    {
        await RunAsync(ReactivateWorkflow.Opening, async (site, tenant) => await site.ReactivateAsync(tenant, $"reactivate-{tenant}"), (before, after) => after.ShouldBe(before));
    }

    private static async Task RunAsync(WorkflowDefinition workflow, Func<SuspensionSite, TenantId, Task<Guid>> submit, Action<AccessFacts, AccessFacts> check)
    {
        var points = Boundaries.Of(workflow, commits: Commits).Sample(3);
        await using var site = await SuspensionSite.StartAsync();
        var tenants = await site.ActiveAsync(points.Count, "basic");
        var before = new Dictionary<TenantId, AccessFacts>();
        foreach (var tenant in tenants)
            before[tenant] = await AccessFacts.ReadAsync(site.Site, tenant);
        if (workflow.Kind == ReactivateWorkflow.Kind)
            await Task.WhenAll(tenants.Select(async t => await site.EndAsync(await site.SuspendAsync(t), OperationState.Completed)));
        await ExternalState.DrainedAsync(site.Site);
        await site.StopAsync();
        for (var i = 0; i < points.Count; i++)
        {
            var tenant = tenants[i];
            using (var process = new CrashingProcess(new CrashOrders
            {
                Settings = site.Site.Settings,
                At = points[i],
                Suspend = workflow.Kind == SuspendWorkflow.Kind ? SuspensionSite.Suspension(tenant, "abuse", $"suspend-{tenant}") : null,
                Reactivate = workflow.Kind == ReactivateWorkflow.Kind ? SuspensionSite.Reactivation(tenant, $"reactivate-{tenant}") : null,
            }))
            {
                (await process.DiedAsync(() => IsDoneAsync(site, tenant, workflow.Kind))).ShouldBeTrue($"{points[i]} was never reached");
            }

            await site.RunAsync();
            // The sender does not know the outcome, so it sends the command again.
            await site.EndAsync(await submit(site, tenant), OperationState.Completed);
            await ExternalState.DrainedAsync(site.Site);
            await site.StopAsync();
            check(before[tenant], await AccessFacts.ReadAsync(site.Site, tenant));
        }

        (await site.ScalarAsync<long>($"select count(*) from operations where kind = '{workflow.Kind}'")).ShouldBe(points.Count);
        (await site.ScalarAsync<long>("select count(*) from holds where unannounced is not null")).ShouldBe(0);
        (await site.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    private static Task<bool> IsDoneAsync(SuspensionSite site, TenantId tenant, string kind) => site.ScalarAsync<bool>(
        "select not exists (select from outbox) and exists (select from operations where tenant_id = @Value and kind = @kind and finished_at is not null)", new { tenant.Value, kind });
}
