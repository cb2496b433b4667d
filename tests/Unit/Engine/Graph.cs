using Saga.Engine.Workflows;

namespace Saga.Tests.Unit.Engine;

/// <summary>Workflows for tests.</summary>
internal static class Graph
{
    public static StepDefinition Step(string name, params string[] after) => new() { Name = name, Worker = $"{name}-worker", After = after };

    public static StepDefinition Pivot(string name, params string[] after) => Step(name, after) with { Kind = StepKind.Pivot };

    public static StepDefinition Retriable(string name, params string[] after) => Step(name, after) with { Kind = StepKind.Retriable };

    public static WorkflowDefinition Of(params StepDefinition[] steps) =>
        new WorkflowDefinition { Kind = "test", Version = 7, Steps = steps }.Validated();

    /// <summary>first, then left and right in parallel, then last, then the pivot, then two retriable steps.</summary>
    public static WorkflowDefinition Diamond { get; } = Of(
        Step("first"), Step("left", "first"), Step("right", "first"), Step("last", "left", "right"),
        Pivot("pivot", "last"), Retriable("tell", "pivot"), Retriable("count", "pivot"));
}
