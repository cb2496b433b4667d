using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Lifecycle;
using Saga.Lifecycle.Intake;
using Saga.Messaging;
using Saga.Registry.Operations;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_command_works_on_no_single_tenant
{
    [Fact]
    public async Task Should_run_from_its_queue_to_its_end_without_one()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var working = new TaskCompletionSource<bool>();
        var go = new TaskCompletionSource();
        var step = new ScriptedStep(RollOutToFleetPlan.Step)
        {
            OnExecute = (context, cancellationToken) =>
            {
                working.TrySetResult(context.HasTenant);
                return go.Task.WaitAsync(cancellationToken);
            },
        };
        await using var host = await EngineHost.StartAsync(
            registry, await RabbitServer.NewVirtualHostAsync(), [step], services => services.AddCommand<RollOutToFleet, RollOutToFleet, RollOutToFleetPlan>());
        var client = host.Services.GetRequiredService<IBus>().CreateRequestClient<RollOutToFleet>(
            host.Services.GetRequiredService<BusAddresses>().Queue(RollOutToFleetPlan.Queue), RequestTimeout.After(s: 30));
        var command = new RollOutToFleet("2026.1", "the-key");

        var accepted = (await client.GetResponse<OperationAccepted>(command, TestContext.Current.CancellationToken)).Message;

        accepted.TenantId.ShouldBeNull();
        (await working.Task.WaitAsync(WaitLimit.Seconds(30))).ShouldBeFalse("its step has no tenant");
        (await registry.ScalarAsync<string>("select scope from operation_scopes")).ShouldBe(OperationScopes.Fleet);
        // The same command through the other entry point is the same operation. Another one of its kind is refused.
        var intake = host.Services.GetRequiredService<ICommandIntake<RollOutToFleet>>();
        (await intake.SubmitAsync(command, Caller.Bus, default)).ShouldBe(new CommandAccepted(accepted.OperationId, null, IsReplay: true));
        var refused = Assert.IsType<CommandRejected>(await intake.SubmitAsync(new("2026.2"), Caller.OfToken("ada"), default)).Rejection;
        (refused.Code, refused.OperationId).ShouldBe((RejectionCodes.OperationActive, accepted.OperationId));
        refused.Detail.ShouldContain("'fleet'");
        (await intake.PlanAsync(new("2026.2"), default)).Rejection!.Code.ShouldBe(RejectionCodes.OperationActive);

        go.SetResult();

        (await host.EndAsync(accepted.OperationId)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'fleet.rollOut' and tenant_id is null")).ShouldBe(1);
        (await intake.PlanAsync(new("2026.2"), default)).Rejection.ShouldBeNull();
    }
}
