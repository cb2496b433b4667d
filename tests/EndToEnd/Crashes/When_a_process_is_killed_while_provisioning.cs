using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Xunit;

namespace Saga.Tests.EndToEnd.Crashes;

/// <summary>
/// A process with the intake, the orchestrator and all workers is killed (SIGKILL) at one point of a provisioning. A new process
/// finishes it, and the external systems match the registry. Each run covers a sample of the points (<see cref="RunSeed"/>);
/// <c>SAGA_CRASH_ALL=1</c> covers all of them.
/// </summary>
public sealed class When_a_process_is_killed_while_provisioning
{
    private const string Plan = "enterprise";

    [Fact]
    [InTurn(0, of: 6)]
    public async Task Should_complete_when_killed_before_or_after_a_steps_effect()
    {
        var map = await CrashMap.OfAsync(Plan);
        await CrashWorlds.RunAsync("steps", Cases(map.Around(k => k is { Activity: "saga.step", Step.Length: > 0 }).Sample(2)));
    }

    [Fact]
    [InTurn(1, of: 6)]
    public async Task Should_complete_when_killed_before_or_after_a_commit()
    {
        var map = await CrashMap.OfAsync(Plan);
        await CrashWorlds.RunAsync("commits", Cases(map.Around(k => k.Activity is "saga.transition.commit" or "saga.intake.commit").Sample(2)));
    }

    [Fact]
    [InTurn(2, of: 6)]
    public async Task Should_complete_when_killed_before_or_after_a_message_leaves()
    {
        var map = await CrashMap.OfAsync(Plan);
        await CrashWorlds.RunAsync("messages", Cases(
            map.Around(k => k is { Activity: "saga.outbox.publish", Step: "" }).Concat(map.Around(k => k is { Activity: "saga.step.report", Step.Length: > 0 })).Sample(2)));
    }

    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_complete_when_killed_within_an_effect()
    {
        var map = await CrashMap.OfAsync(Plan);
        (string, bool)[] steps =
        [
            (StepNames.Reserve, false), (StepNames.Identity, false), (StepNames.Database, false), (StepNames.Migrate, false), (StepNames.Storage, false),
            (StepNames.Cache, false), (StepNames.Configuration, false), (StepNames.Administrator, false), (StepNames.Verify, false), (StepNames.Activate, false),
        ];
        await CrashWorlds.RunAsync("effects", Cases(map.Within(steps).Sample(2)));
    }

    [Theory, InlineData("premium"), InlineData("basic")]
    [InTurn(4, of: 6)]
    public async Task Should_complete_when_killed_within_the_making_of_a_shared_place(string plan)
    {
        var map = await CrashMap.OfAsync(plan);
        await CrashWorlds.RunAsync(plan, [.. map.Within((StepNames.Database, false), (StepNames.Migrate, false)).Sample(1).Select(p => new CrashCase(plan, p))]);
    }

    private static CrashCase[] Cases(IEnumerable<CrashPoint> points) => [.. points.Select(p => new CrashCase(Plan, p))];
}
