using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle;
using Saga.Lifecycle.Intake;
using Saga.Orchestrator.Admission;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Admission;

public sealed class When_a_command_needs_no_slot
{
    [Fact]
    public async Task Should_run_and_be_retried_while_others_have_all_slots()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = new TenantId(Guid.CreateVersion7());
        await registry.ExecuteAsync(
            "insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email) values (@Value, 'acme', 'acme', 'basic', 'row', 'active', 'acme', 'UTC', 'admin@acme.example')",
            new { tenant.Value });
        var (otherBegan, otherGoes, tries) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        var other = new ScriptedStep(RollOutToFleetPlan.Step)
        {
            OnExecute = (_, cancellationToken) =>
            {
                otherBegan.TrySetResult();
                return otherGoes.Task.WaitAsync(cancellationToken);
            },
        };
        var urgent = new ScriptedStep(RollOutToTenantPlan.Step)
        {
            OnExecute = (_, _) => Interlocked.Increment(ref tries) == 1 ? throw StepFailureException.Transient("test", "It fails once.") : Task.CompletedTask,
        };
        await using var host = await EngineHost.StartAsync(registry, null, [other, urgent], services => services
            .AddCommand<RollOutToFleet, RollOutToFleet, RollOutToFleetPlan>().AddCommand<RollOutToTenant, RollOutToTenant, RollOutToTenantPlan>()
            .PostConfigure<AdmissionOptions>(o => o.Slots = 1));
        var holds = Assert.IsType<CommandAccepted>(await host.Services.GetRequiredService<ICommandIntake<RollOutToFleet>>().SubmitAsync(new("2026.1"), Caller.OfToken("ada"), default));
        await otherBegan.Task.WaitAsync(WaitLimit.Seconds(30));

        var accepted = Assert.IsType<CommandAccepted>(
            await host.Services.GetRequiredService<ICommandIntake<RollOutToTenant>>().SubmitAsync(new(tenant, Urgent: true), Caller.OfToken("ada"), default));

        (await host.EndAsync(accepted.OperationId)).ShouldBe(OperationState.Completed);
        tries.ShouldBe(2);
        otherGoes.SetResult();
        (await host.EndAsync(holds.OperationId)).ShouldBe(OperationState.Completed);
    }
}
