using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_step_is_deferred_for_long
{
    [Fact]
    public async Task Should_stall_with_the_reason_and_not_fill_the_history()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var step = new ScriptedStep("one") { System = "keycloak", OnExecute = (_, _) => throw StepFailureException.Outage("keycloak-unavailable", "Keycloak does not answer.", "keycloak") };
        await using var host = await EngineHost.StartAsync(registry, null, [step]);

        var operation = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with { DeferredAtMost = TimeSpan.FromSeconds(4) }));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Stalled);
        (await host.HistoryAsync(operation)).ShouldBe(["started", "stepDispatched:one", "stepDeferred:one", "stepFailed:one", "stalled"]);
        (await registry.ScalarAsync<int>("select (data ->> 'times')::int from operation_history where event = 'stepDeferred'")).ShouldBeGreaterThan(1);
        (await registry.ScalarAsync<bool>("select (data ->> 'lastAt')::timestamptz > at from operation_history where event = 'stepDeferred'")).ShouldBeTrue();
        (await registry.ScalarAsync<string>("select failure ->> 'code' from operations")).ShouldBe("deferred-too-long");
        (await registry.ScalarAsync<string>("select failure ->> 'message' from operations")).ShouldEndWith("Keycloak does not answer.");
    }
}
