using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Revert;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Moves;

/// <summary>Tenants of plan basic get plan premium, which moves their rows to schemas, and go back. The steps that fail are taken from the workflows.</summary>
[Collection(Alone.Name)]
public sealed class When_a_move_goes_wrong
{
    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_get_there_and_back_when_each_step_fails_for_a_while_or_acts_and_loses_its_answer()
    {
        var cases = Names(MigrateWorkflow.MoveAndChange).Concat(Names(RevertWorkflow.WithPlan)).Distinct(StringComparer.Ordinal).ToList();
        // The first call fails before the step acts, and the second after it.
        await using var site = await MoveSite.StartAsync(Failing(
            (context, call, acted) => call != (acted ? 2 : 1) ? null : acted ? new TimeoutException("The answer is lost.") : StepFailureException.Transient("told-to-fail", "The test wants it so.")));
        var tenants = await site.ActiveAsync(cases);
        var rows = await Task.WhenAll(tenants.Select(site.RowsAsync));

        await Task.WhenAll(tenants.Select(async t => await site.EndAsync(await site.MigrateAsync(MoveSite.ToPremium(t)), OperationState.Completed)));

        foreach (var tenant in tenants)
            (await site.WhereAsync(tenant)).ShouldBe("schema main premium");
        (await Task.WhenAll(tenants.Select(site.RowsAsync))).ShouldBe(rows);
        await ExternalState.CompareAsync(site.Site);

        await Task.WhenAll(tenants.Select(async t => await site.EndAsync(await site.RevertAsync(MoveSite.Back(t)), OperationState.Completed)));

        foreach (var tenant in tenants)
            (await site.WhereAsync(tenant)).ShouldBe("row main basic");
        (await Task.WhenAll(tenants.Select(site.RowsAsync))).ShouldBe(rows);
        await ExternalState.CompareAsync(site.Site);
        (await site.ScalarAsync<long>("select count(*) from audit where action = 'tenant.move'")).ShouldBe(2 * tenants.Count);
        (await site.ScalarAsync<long>("select count(*) from scheduled_commands where kind = 'remove-copy' and state = 'cancelled'")).ShouldBe(tenants.Count);
        (await site.ScalarAsync<long>("select count(*) from holds")).ShouldBe(0);
        await Until.TrueAsync(() => site.ScalarAsync<bool>("select not exists (select from place_modes)"), "nothing is due");
        // Deferrals of one step share a line.
        (await site.ScalarAsync<long>("select sum(coalesce((data->>'times')::int, 1)) from operation_history where event in ('stepFailed', 'stepDeferred')")).ShouldBeGreaterThanOrEqualTo(2 * tenants.Count);
    }

    [Fact]
    [InTurn(4, of: 6)]
    public async Task Should_leave_everything_as_it_was_when_a_step_acts_and_fails_for_good()
    {
        var there = Names(MigrateWorkflow.MoveAndChange, beforePivot: true);
        var back = Names(RevertWorkflow.WithPlan, beforePivot: true).Except(there, StringComparer.Ordinal).ToList();
        await using var site = await MoveSite.StartAsync(Failing((_, _, acted) => acted ? StepFailureException.Permanent("told-to-fail", "The test wants it so.") : null));
        var tenants = await site.ActiveAsync(there.Concat(back));
        var rows = await Task.WhenAll(tenants.Select(site.RowsAsync));

        await Task.WhenAll(tenants.Select(async (t, i) => await site.EndAsync(
            await site.MigrateAsync(MoveSite.ToPremium(t)), i < there.Count ? OperationState.Compensated : OperationState.Completed)));
        await Task.WhenAll(tenants.Skip(there.Count).Select(async t => await site.EndAsync(await site.RevertAsync(MoveSite.Back(t)), OperationState.Compensated)));

        for (var i = 0; i < tenants.Count; i++)
            (await site.WhereAsync(tenants[i])).ShouldBe(i < there.Count ? "row main basic" : "schema main premium", there.Concat(back).ElementAt(i));
        (await Task.WhenAll(tenants.Select(site.RowsAsync))).ShouldBe(rows);
        await ExternalState.CompareAsync(site.Site);
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from place_modes where mode <> 'closed')")).ShouldBe(0);
    }

    private static List<string> Names(WorkflowDefinition workflow, bool beforePivot = false) =>
        [.. workflow.Steps.TakeWhile(s => !beforePivot || s.Kind == StepKind.Compensatable).Select(s => s.Name)];

    // The tenant's name says which step fails for it, once it is provisioned.
    private static StepFaults Failing(Func<StepContext, int, bool, Exception?> fault)
    {
        void Act(StepContext context, int call, bool acted)
        {
            if (context.HasTenant && context.Tenant.Status == TenantStatus.Active && context.Tenant.Name == context.Step && fault(context, call, acted) is { } error)
                throw error;
        }

        return new() { Before = (context, call) => Act(context, call, false), After = (context, call) => Act(context, call, true) };
    }
}
