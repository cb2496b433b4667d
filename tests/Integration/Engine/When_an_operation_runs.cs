using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_an_operation_runs
{
    public static TheoryData<bool> Buses => [true, false];

    [Theory, MemberData(nameof(Buses))]
    public async Task Should_complete_every_step_in_order(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        ScriptedStep[] steps = [new("one"), new("two"), new("three")];
        await using var host = await EngineHost.StartAsync(registry, await BusAsync(rabbit), steps);

        var operation = await host.SubmitAsync(EngineHost.Chain("one", "two", "three"));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await host.HistoryAsync(operation)).ShouldBe(
        [
            "started", "stepDispatched:one", "stepSucceeded:one", "stepDispatched:two", "stepSucceeded:two",
            "stepDispatched:three", "stepSucceeded:three", "completed",
        ]);
    }

    [Theory, MemberData(nameof(Buses))]
    public async Task Should_undo_in_reverse_what_acted_when_a_step_fails_permanently(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        TenantId tenant = default;
        var one = new ScriptedStep("one");
        var two = new ScriptedStep("two")
        {
            OnExecute = (context, _) =>
            {
                tenant = context.TenantId;
                throw StepFailureException.Permanent("quota-full", "The quota is full.");
            },
        };
        var three = new ScriptedStep("three");
        await using var host = await EngineHost.StartAsync(registry, await BusAsync(rabbit), [one, two, three]);

        var operation = await host.SubmitAsync(EngineHost.Chain("one", "two", "three"));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Compensated);
        one.Holds(tenant).ShouldBeFalse();
        three.Calls.ShouldBeEmpty();
        (await host.HistoryAsync(operation)).ShouldBe(
        [
            "started", "stepDispatched:one", "stepSucceeded:one", "stepDispatched:two", "stepFailed:two",
            "compensationStarted:two", "stepSkipped:three", "compensationDispatched:two", "stepCompensated:two",
            "compensationDispatched:one", "stepCompensated:one", "compensated",
        ]);
    }

    [Fact]
    public async Task Should_retry_a_transient_failure_until_it_passes()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tries = 0;
        var step = new ScriptedStep("one")
        {
            OnExecute = (context, _) => Interlocked.Increment(ref tries) < 3
                ? throw StepFailureException.Transient("hiccup", "Not now.")
                : Task.CompletedTask,
        };
        await using var host = await EngineHost.StartAsync(registry, null, [step]);
        var workflow = EngineHost.Chain("one");
        workflow = workflow with { Steps = [workflow.Steps[0] with { Backoff = TimeSpan.FromMilliseconds(50) }] };

        var operation = await host.SubmitAsync(workflow);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        tries.ShouldBe(3);
    }

    private static async Task<string?> BusAsync(bool rabbit) => rabbit ? await RabbitServer.NewVirtualHostAsync() : null;
}
