using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Xunit;

namespace Saga.Tests.EndToEnd.Crashes;

/// <summary>
/// Verification fails permanently, so everything is undone, and the process is killed at one point of that. A new process undoes the
/// rest, and nothing of the tenant is left anywhere. Each run covers a sample of the points
/// (<see cref="RunSeed"/>); <c>SAGA_CRASH_ALL=1</c> covers all of them.
/// </summary>
public sealed class When_a_process_is_killed_while_undoing
{
    private const string Plan = "enterprise";

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_leave_nothing_when_killed_before_or_after_an_undone_effect()
    {
        var map = await CrashMap.OfAsync(Plan, StepNames.Verify);
        await CrashWorlds.RunAsync("undone steps", Cases(map.Around(k => k is { Activity: "saga.step", Back: true }).Sample(2)));
    }

    [Fact]
    [InTurn(0, of: 6)]
    public async Task Should_leave_nothing_when_killed_before_or_after_a_commit_or_a_message()
    {
        var forward = (await CrashMap.OfAsync(Plan)).Where(k => k.Key.Activity == "saga.step" && k.Key.Step.Length > 0).Sum(k => k.Value);
        var map = await CrashMap.OfAsync(Plan, StepNames.Verify);
        // Activate and notify are not reached, because compensation follows the other steps.
        await CrashWorlds.RunAsync("undoing", Cases(
            map.Around(k => k.Activity == "saga.transition.commit", from: forward - 1)
                .Concat(map.Around(k => k is { Activity: "saga.outbox.publish", Step: "" }, from: forward - 1))
                .Concat(map.Around(k => k is { Activity: "saga.step.report", Step.Length: > 0 }, from: 2))
                .Sample(2)));
    }

    [Theory, InlineData("enterprise"), InlineData("premium"), InlineData("basic")]
    [InTurn(2, of: 6)]
    public async Task Should_leave_nothing_when_killed_within_an_undone_effect(string plan)
    {
        var map = await CrashMap.OfAsync(plan, StepNames.Verify);
        (string, bool)[] all =
        [
            (StepNames.Reserve, true), (StepNames.Identity, true), (StepNames.Migrate, true), (StepNames.Storage, true),
            (StepNames.Cache, true), (StepNames.Configuration, true), (StepNames.Administrator, true), (StepNames.Database, true),
        ];
        var points = plan == Plan ? map.Within(all) : map.Within((StepNames.Database, true));
        await CrashWorlds.RunAsync($"undoing {plan}", [.. points.Sample(1).Select(p => new CrashCase(plan, p, StepNames.Verify))]);
    }

    private static CrashCase[] Cases(IEnumerable<CrashPoint> points) => [.. points.Select(p => new CrashCase(Plan, p, StepNames.Verify))];
}
