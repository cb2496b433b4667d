using CsCheck;
using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Tests.Simulation;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Simulation;

/// <summary>The simulation with workflows of every shape. What fails is shrunk to a smaller workflow, and printed with the seed that repeats it.</summary>
public sealed class When_workflows_are_generated
{
    private const int Cases = 300;
    private const int CasesOfBug = 3000;

    // Coarse, because a smaller number is no simpler schedule.
    private static readonly Gen<int> Seeds = Gen.Int[0, 60];

    private static readonly Gen<StepDraft> Steps = Gen.Select(
        Gen.Int[0, 5], Gen.Int[0, 63], Gen.Int[1, 3], Gen.Int[0, 6], Gen.Int[0, 9], (wait, after, attempts, timeout, deadline) => new StepDraft(wait, after, attempts, timeout, deadline));

    private static readonly Gen<(WorkflowDefinition Workflow, int Seed)> Schedules = Gen.Select(
        Steps.Array[0, 6], Gen.Bool, Steps.Array[0, 3], Seeds, (before, hasPivot, after, seed) => (Workflow(before, hasPivot, after), seed));

    [Fact]
    public void Should_keep_every_promise() => Schedules.Sample(s => Simulator.Run(s.Workflow, s.Seed), iter: Cases, threads: 1, print: s => Story(s, Mutant.None));

    [Fact]
    public void Should_shrink_what_a_planted_bug_breaks()
    {
        WorkflowDefinition? first = null, last = null;

        Should.Throw<CsCheckException>(() => Schedules.Sample(
            s =>
            {
                try
                {
                    Simulator.Run(s.Workflow, s.Seed, Mutant.OrderIsIgnored);
                }
                catch (BrokenPromiseException)
                {
                    first ??= s.Workflow;
                    throw;
                }
            },
            iter: CasesOfBug, threads: 1, print: s =>
            {
                last = s.Workflow;
                return Story(s, Mutant.OrderIsIgnored);
            }));

        last!.Steps.Count.ShouldBeInRange(2, 3, "a step and what comes after it");
        last.Steps.Count.ShouldBeLessThanOrEqualTo(first!.Steps.Count);
        last.Steps.ShouldContain(s => s.After.Count > 0);
    }

    private static string Story((WorkflowDefinition Workflow, int Seed) schedule, Mutant mutant) =>
        $"seed {schedule.Seed} with {string.Join("; ", schedule.Workflow.Steps.Select(s => $"{s.Name} ({s.Kind}) after [{string.Join(", ", s.After)}]"))}\n{string.Join('\n', Simulator.Trace(schedule.Workflow, schedule.Seed, mutant))}";

    private static WorkflowDefinition Workflow(StepDraft[] before, bool hasPivot, StepDraft[] after)
    {
        var steps = new List<StepDefinition>();
        for (var i = 0; i < before.Length; i++)
            steps.Add(before[i].Make($"c{i + 1}", StepKind.Compensatable, [], [.. steps.Select(s => s.Name)]));
        if (hasPivot || before.Length == 0)
        {
            steps.Add(new StepDraft(0, 0, 2, 3, 3).Make("pivot", StepKind.Pivot, [.. steps.Select(s => s.Name)], []));
            for (var i = 0; i < after.Length; i++)
                steps.Add(after[i].Make($"r{i + 1}", StepKind.Retriable, ["pivot"], [.. steps.Skip(before.Length + 1).Select(s => s.Name)]));
        }

        return new WorkflowDefinition { Kind = "generated", Version = 1, Steps = steps, EngineLevel = steps.Exists(s => s.Wait is not null) ? EngineLevel.Waits : EngineLevel.First }.Validated();
    }

    /// <param name="Waits">5 for a step that waits.</param>
    /// <param name="After">A bit for each step before it that it comes after.</param>
    /// <param name="Attempts">The most attempts.</param>
    /// <param name="Timeout">The time of an attempt, from a second to half a minute.</param>
    /// <param name="Deadline">The time of all attempts, from half a minute to five.</param>
    private sealed record StepDraft(int Waits, int After, int Attempts, int Timeout, int Deadline)
    {
        public StepDefinition Make(string name, StepKind kind, IReadOnlyList<string> always, IReadOnlyList<string> known)
        {
            List<string> after = [.. always, .. known.Where((_, i) => (After & (1 << i)) != 0)];
            return Waits == 5
                ? new() { Name = name, Kind = kind, After = after, Wait = new() { For = WaitKind.Time, Lasts = TimeSpan.FromSeconds(Deadline) } }
                : new()
                {
                    Name = name, Worker = "worker-0", Kind = kind, After = after, MaxAttempts = Attempts, AttemptTimeout = TimeSpan.FromSeconds(1 + (5 * Timeout)),
                    Deadline = TimeSpan.FromSeconds(31 + (30 * Deadline)), DeferredAtMost = TimeSpan.FromSeconds(30), CompensationDeadline = TimeSpan.FromSeconds(30 + (30 * Deadline)),
                };
        }
    }
}
