using Microsoft.Extensions.DependencyInjection;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>Time in which nobody could work is not taken from a step's time.</summary>
public sealed class When_the_installation_was_down
{
    [Theory]
    [InlineData(11)]
    [InlineData(600)]
    [InlineData(-180)]
    public async Task Should_try_again_first(int minutes)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var cut = ScriptedStep.Hanging("one", out var began);
        var first = await EngineHost.StartAsync(registry, null, [cut]);
        var operation = await first.SubmitAsync(EngineHost.Chain("one"));
        await began.WaitAsync(WaitLimit.Seconds(30));
        await Until.TrueAsync(async () => await registry.ScalarAsync<bool>("select beat_at is not null from engine_clock"), "the engine beats");
        await first.DisposeAsync();

        var failures = 0;
        var step = new ScriptedStep("one")
        {
            OnExecute = (_, _) => ++failures <= 2 ? throw StepFailureException.Transient("one-failed", "It failed.") : Task.CompletedTask,
        };
        await using var second = await EngineHost.StartAsync(registry, null, [step], (IServiceCollection services) => services.AddSingleton(EngineClock.Later(TimeSpan.FromMinutes(minutes))));

        (await second.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await second.HistoryAsync(operation)).ShouldNotContain("compensationStarted:one");
        step.Calls.Count.ShouldBe(3);
    }
}
