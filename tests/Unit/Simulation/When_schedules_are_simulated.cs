using Saga.Engine.Operations;
using Saga.Tests.Simulation;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Simulation;

/// <summary>The engine on its in-memory storage, with a scheduler that lets everything happen at the worst moment.</summary>
public sealed class When_schedules_are_simulated
{
    // More are run by the program.
    private const int Schedules = 1000;

    [Fact]
    public void Should_keep_every_promise()
    {
        var result = Simulator.Run(first: 0, Schedules);

        (result.Broken is { } broken ? string.Join('\n', Simulator.Shrink(broken.Seed)) : "").ShouldBeEmpty($"seed {result.Broken?.Seed}");
        // All outcomes occurred, each often enough to be meaningful.
        foreach (var end in new[] { OperationState.Stalled, OperationState.Completed, OperationState.Compensated, OperationState.Cancelled })
            result.Ends[end].ShouldBeGreaterThan(Schedules / 20, end.ToString());
    }

    [Fact]
    public void Should_be_the_same_for_the_same_seed()
    {
        foreach (var seed in Enumerable.Range(0, 50))
            Simulator.Trace(seed).ShouldBe(Simulator.Trace(seed));
    }

    public static TheoryData<Mutant> Mutants => [.. Enum.GetValues<Mutant>().Where(m => m != Mutant.None)];

    [Theory]
    [MemberData(nameof(Mutants))]
    public void Should_notice_a_planted_bug(Mutant mutant) => Simulator.Run(first: 0, count: 100_000, mutant).Broken.ShouldNotBeNull();

    [Fact]
    public void Should_repeat_a_broken_schedule_shorter()
    {
        var seed = Simulator.Run(first: 0, count: 100_000, Mutant.ReportsBeforeActing).Broken!.Seed;

        var whole = Simulator.Trace(seed, Mutant.ReportsBeforeActing);
        var shorter = Simulator.Shrink(seed, Mutant.ReportsBeforeActing);

        whole[^1].ShouldStartWith("Broken: ");
        shorter[^1].ShouldStartWith("Broken: ");
        shorter.Count.ShouldBeLessThan(whole.Count);
    }
}
