using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Messaging;
using Saga.Registry.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_an_operation_is_cancelled
{
    [Fact]
    public async Task Should_undo_what_ran_and_say_who_cancelled_it_and_why()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (one, two) = (new ScriptedStep("one"), ScriptedStep.Hanging("two", out var began));
        await using var host = await EngineHost.StartAsync(registry, null, [one, two]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one", "two"));
        await began.WaitAsync(WaitLimit.Seconds(30));

        var outcome = await CancelAsync(host, operation);

        outcome.ShouldBeOfType<CommandAccepted>().IsReplay.ShouldBeFalse();
        (await host.EndAsync(operation)).ShouldBe(OperationState.Cancelled);
        (one.Calls, two.Calls).ShouldSatisfyAllConditions(c => c.Item1.ShouldBe(["execute", "compensate"]), c => c.Item2.ShouldBe(["execute", "compensate"]));
        (await host.HistoryAsync(operation)).ShouldContain("cancelRequested");
        (await registry.ScalarAsync<string>("select data->>'actor' || ': ' || (data->>'reason') from operation_history where event = 'cancelRequested'")).ShouldBe("ada: It was a mistake.");
        (await registry.ScalarAsync<string>("select actor || ' ' || (detail->>'reason') from audit where action = 'operation.cancel' and operation_id = @operation", new { operation }))
            .ShouldBe("ada It was a mistake.");
        (await registry.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
        (await CancelAsync(host, operation)).ShouldBeOfType<CommandAccepted>().IsReplay.ShouldBeTrue("a second time changes nothing");
        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'operation.cancel'")).ShouldBe(1);
        (await new OperationStore(registry).FindAsync(operation))!.Cancellation.ShouldBe(new Cancellation("ada", "It was a mistake."));
    }

    [Fact]
    public async Task Should_be_ordered_over_the_bus()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), [ScriptedStep.Hanging("one", out var began)]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one"));
        await began.WaitAsync(WaitLimit.Seconds(30));
        var client = host.Services.GetRequiredService<IBus>().CreateRequestClient<CancelOperation>(
            host.Services.GetRequiredService<BusAddresses>().Queue(Endpoints.Cancellations), RequestTimeout.After(s: 30));

        var answer = await client.GetResponse<OperationAccepted>(new CancelOperation { OperationId = operation, Reason = "It was a mistake." }, TestContext.Current.CancellationToken);
        var refused = await client.GetResponse<OperationRejected>(new CancelOperation { OperationId = Guid.NewGuid(), Reason = "It was a mistake." }, TestContext.Current.CancellationToken);

        answer.Message.OperationId.ShouldBe(operation);
        refused.Message.Code.ShouldBe(RejectionCodes.OperationNotFound);
        (await host.EndAsync(operation)).ShouldBe(OperationState.Cancelled);
        (await registry.ScalarAsync<string>("select actor from audit where action = 'operation.cancel'")).ShouldBe("bus");
    }

    [Fact]
    public async Task Should_be_refused_after_the_pivot()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [ScriptedStep.Hanging("pivot", out var began)]);
        var operation = await host.SubmitAsync(Pivoted("pivot"));
        await began.WaitAsync(WaitLimit.Seconds(30));

        var rejection = (await CancelAsync(host, operation)).ShouldBeOfType<CommandRejected>().Rejection;

        (rejection.Code, rejection.OperationId).ShouldBe((RejectionCodes.OperationNotCancellable, operation));
        rejection.Detail.ShouldContain("step 'pivot'");
        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'operation.cancel'")).ShouldBe(0);
        (await registry.ScalarAsync<long>("select count(*) from outbox where destination = @Orders", new { Endpoints.Orders })).ShouldBe(0);
    }

    [Fact]
    public async Task Should_either_undo_everything_or_pass_the_pivot_when_both_come_at_once()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (one, pivot) = (new ScriptedStep("one"), new ScriptedStep("pivot"));
        await using var host = await EngineHost.StartAsync(registry, null, [one, pivot]);
        var operations = new List<Guid>();
        for (var round = 0; round < 30; round++)
        {
            var operation = await host.SubmitAsync(Pivoted("one", "pivot"));
            operations.Add(operation);
            _ = await CancelAsync(host, operation);
        }

        var store = new OperationStore(registry);
        foreach (var operation in operations)
        {
            var end = await host.EndAsync(operation);
            end.ShouldBeOneOf(OperationState.Completed, OperationState.Cancelled);
            var tenant = (await store.FindAsync(operation))!.TenantId!.Value;
            (one.Holds(tenant), pivot.Holds(tenant)).ShouldBe(end == OperationState.Completed ? (true, true) : (false, false));
        }
    }

    private static WorkflowDefinition Pivoted(params string[] names) =>
        (EngineHost.Chain(names) with { Kind = "pivoted" }).Each(s => s.Name == "pivot" ? s with { Kind = StepKind.Pivot } : s);

    private static Task<IntakeOutcome> CancelAsync(EngineHost host, Guid operation) => host.Services.GetRequiredService<ICommandIntake<CancelOperation>>()
        .SubmitAsync(new() { OperationId = operation, Reason = " It was a mistake. " }, Caller.OfToken("ada"), default);
}
