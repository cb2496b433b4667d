using Saga.Engine.Workflows;

namespace Saga.Tests.Unit.Engine;

/// <summary>A valid workflow of any shape.</summary>
internal static class RandomWorkflow
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
        return new WorkflowDefinition { Kind = "random", Version = 1, Steps = [.. steps.OrderBy(_ => random.Next())] }.Validated();
    }

    private static StepDefinition Any(Random random, string name, StepKind kind, string[] after) => new()
    {
        Name = name, Worker = $"worker-{random.Next(2)}", Kind = kind, After = after, MaxAttempts = random.Next(1, 4),
        AttemptTimeout = TimeSpan.FromSeconds(random.Next(1, 30)), Deadline = TimeSpan.FromSeconds(random.Next(30, 300)),
        Backoff = TimeSpan.FromSeconds(random.Next(0, 10)), DeferredAtMost = TimeSpan.FromSeconds(random.Next(1, 30)),
        CompensationDeadline = TimeSpan.FromSeconds(random.Next(2) == 0 ? random.Next(1, 10) : random.Next(10, 300)),
    };

    private static IEnumerable<string> Some(Random random, IEnumerable<StepDefinition> steps) =>
        steps.Where(_ => random.Next(3) == 0).Select(s => s.Name);
}
