using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;

namespace Saga.Tests.Support.Chance;

/// <summary>A valid workflow of any shape.</summary>
public static class RandomWorkflow
{
    public static WorkflowDefinition Make(Random random)
    {
        var steps = new List<StepDefinition>();
        for (var i = random.Next(8); i > 0; i--)
            steps.Add(Any(random, $"c{i}", StepKind.Compensatable, [.. Some(random, steps)]));
        if (steps.Count == 0 || random.Next(3) > 0)
        {
            steps.Add(Any(random, "pivot", StepKind.Pivot, [.. steps.Select(s => s.Name)]));
            var before = steps.Count;
            for (var i = random.Next(4); i > 0; i--)
                steps.Add(Any(random, $"r{i}", StepKind.Retriable, ["pivot", .. Some(random, steps.Skip(before))]));
        }

        // Shuffled, because the order of the list must not matter.
        return new WorkflowDefinition
        {
            Kind = "random", Version = 1, Steps = [.. steps.OrderBy(_ => random.Next())], EngineLevel = steps.Exists(s => s.Wait is not null) ? EngineLevel.Waits : EngineLevel.First,
        }.Validated();
    }

    private static StepDefinition Any(Random random, string name, StepKind kind, string[] after) =>
        kind != StepKind.Pivot && random.Next(5) == 4 ? Waits(random, name, kind, after) : Works(random, name, kind, after);

    private static StepDefinition Waits(Random random, string name, StepKind kind, string[] after)
    {
        TimeSpan? limit = random.Next(2) == 0 ? null : TimeSpan.FromSeconds(random.Next(1, 300));
        return new()
        {
            Name = name, Kind = kind, After = after,
            Wait = random.Next(3) switch
            {
                0 => new() { For = WaitKind.Time, Lasts = TimeSpan.FromSeconds(random.Next(0, 60)) },
                1 => new() { For = WaitKind.Approval, AtMost = limit },
                _ => new() { For = WaitKind.Signal, Signal = name, AtMost = limit },
            },
        };
    }

    private static StepDefinition Works(Random random, string name, StepKind kind, string[] after) => new()
    {
        Name = name, Worker = $"worker-{random.Next(2)}", Kind = kind, After = after, MaxAttempts = random.Next(1, 4),
        AttemptTimeout = TimeSpan.FromSeconds(random.Next(1, 30)), Deadline = TimeSpan.FromSeconds(random.Next(30, 300)),
        Backoff = TimeSpan.FromSeconds(random.Next(0, 10)), DeferredAtMost = TimeSpan.FromSeconds(random.Next(1, 30)),
        CompensationDeadline = TimeSpan.FromSeconds(random.Next(2) == 0 ? random.Next(1, 10) : random.Next(10, 300)),
    };

    private static IEnumerable<string> Some(Random random, IEnumerable<StepDefinition> steps) =>
        steps.Where(_ => random.Next(3) == 0).Select(s => s.Name);
}
