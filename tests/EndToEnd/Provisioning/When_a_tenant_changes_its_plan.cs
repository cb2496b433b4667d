using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Provisioning;

/// <summary>Tenants of plan premium get plan custom, which allows their tier. The steps that fail are taken from the workflow.</summary>
[Collection(Alone.Name)]
public sealed class When_a_tenant_changes_its_plan
{
    private static readonly string[] Steps = [.. MigrateWorkflow.InPlace.Steps.Select(s => s.Name)];

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_have_the_new_plan_though_each_step_fails_for_a_while_and_then_acts_and_loses_its_answer() => await EachAsync(
        OperationState.Completed, "custom", (call, acted) => call != (acted ? 2 : 1) ? null : acted ? new TimeoutException("The answer is lost.") : StepFailureException.Transient("told-to-fail", "The test wants it so."));

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_have_the_former_plan_when_a_step_fails_permanently() => await EachAsync(
        OperationState.Compensated, "premium", (_, acted) => StepFailureException.Permanent("told-to-fail", $"The test wants it so, {acted}."));

    private static async Task EachAsync(OperationState expected, string plan, Func<int, bool, Exception?> fault)
    {
        // The tenant's name says which step fails for it, once it is provisioned. The pivot fails before it acts, the others after it.
        void Act(StepContext context, int call, bool acted)
        {
            var fails = context.Tenant.Status == TenantStatus.Active && context.Tenant.Name == context.Step
                && (expected == OperationState.Completed || acted != (context.Step == StepNames.AnnouncePlan));
            if (fails && fault(call, acted) is { } error)
                throw error;
        }

        await using var running = await RunningSite.StartAsync(new() { Before = (context, call) => Act(context, call, false), After = (context, call) => Act(context, call, true) });
        var provisioned = await Task.WhenAll(Steps.Select(step => running.SubmitAsync(Site.NewCommand("premium") with { Name = step })));
        await running.EndAsync(provisioned, OperationState.Completed);
        var before = await SettingsAsync(running.Site);

        var migrated = await Task.WhenAll(provisioned.Select(p => MigrateAsync(running.Site, new() { TenantId = p.TenantId!.Value, TargetPlan = "custom" })));

        await running.EndAsync(migrated, expected);
        await using var registry = await running.Site.Registry.OpenConnectionAsync();
        (await registry.QueryAsync<string>("select distinct plan from tenants")).ShouldBe([plan]);
        if (expected == OperationState.Compensated)
            (await SettingsAsync(running.Site)).ShouldBe(before);
        (await registry.ExecuteScalarAsync<long>("select count(*) from audit where action = 'plan.change'")).ShouldBe(expected == OperationState.Completed ? migrated.Length : 0);
    }

    private static async Task<IReadOnlyList<string>> SettingsAsync(Site site)
    {
        await using var registry = await site.Registry.OpenConnectionAsync();
        return [.. await registry.QueryAsync<string>("select tenant_id || key || coalesce(value::text, '') || coalesce(encode(sealed, 'hex'), '') from tenant_settings order by 1")];
    }

    private static async Task<CommandAccepted> MigrateAsync(Site site, MigrateTenant command)
    {
        var placements = new PlacementStore(site.Registry, new LeasedTransactions(site.Registry, new RegistryClock()));
        var intake = Intakes.Of<MigrateTenant, ValidMigrate, MigratePlan>(
            site.Registry, new(new PlanStore(site.Registry), new ServerRoomStore(site.Registry), new TenantStore(site.Registry), placements));
        return Assert.IsType<CommandAccepted>(await intake.SubmitAsync(command, Caller.OfToken(Site.Caller), default));
    }
}
