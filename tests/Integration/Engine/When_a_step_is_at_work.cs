using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>
/// The lease, not the broker, shows whether the attempt is alive. A delivery that stayed unacknowledged would be delivered again after
/// the broker's <c>consumer_timeout</c>, half an hour by default.
/// </summary>
public sealed class When_a_step_is_at_work
{
    [Theory, InlineData(false), InlineData(true)]
    public async Task Should_have_its_delivery_acknowledged(bool back)
    {
        if (Environment.GetEnvironmentVariable("SAGA_TEST_RABBITMQ") is { Length: > 0 })
            Assert.Skip("Only the tests' own node can be asked for its channels.");
        await using var registry = await PostgresServer.NewRegistryAsync();
        var address = await RabbitServer.NewVirtualHostAsync();
        var step = ScriptedStep.Hanging("one", out var began, back);
        // Longer than a busy machine keeps a renewal waiting.
        await using var host = await EngineHost.StartAsync(registry, address, [step, new ScriptedStep("two") { OnExecute = (_, _) => throw StepFailureException.Permanent("no", "No.") }], settings: ("Saga:Workers:LeaseSeconds", "60"));
        // Far longer than the test takes, so that the attempt is the same throughout.
        await host.SubmitAsync((back ? EngineHost.Chain("one", "two") : EngineHost.Chain("one")).Each(s => s with { AttemptTimeout = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(1) }));
        await began.WaitAsync(WaitLimit.Minutes(1), TestContext.Current.CancellationToken);

        await Until.TrueAsync(async () => await RabbitServer.UnacknowledgedAsync(address) == 0, "its delivery is acknowledged", TimeSpan.FromMinutes(2));

        step.Calls.ShouldBe(back ? ["execute", "compensate"] : ["execute"]);
        (await registry.ScalarAsync<string>("select status from operation_steps where step = 'one'")).ShouldBe(back ? "compensating" : "running", "it is still at work");
    }
}
