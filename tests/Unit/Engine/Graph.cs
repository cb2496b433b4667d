using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;

namespace Saga.Tests.Unit.Engine;

/// <summary>Workflows for tests.</summary>
internal static class Graph
{
    public static StepDefinition Step(string name, params string[] after) => new() { Name = name, Worker = $"{name}-worker", After = after };

    public static StepDefinition Pivot(string name, params string[] after) => Step(name, after) with { Kind = StepKind.Pivot };

    public static StepDefinition Retriable(string name, params string[] after) => Step(name, after) with { Kind = StepKind.Retriable };

    public static StepDefinition Approval(string name, params string[] after) => Wait(name, new() { For = WaitKind.Approval }, after);

    public static StepDefinition Signal(string name, string signal, params string[] after) => Wait(name, new() { For = WaitKind.Signal, Signal = signal }, after);

    public static StepDefinition Timer(string name, TimeSpan lasts, params string[] after) => Wait(name, new() { For = WaitKind.Time, Lasts = lasts }, after);

    public static StepDefinition Wait(string name, WaitDefinition wait, params string[] after) => new() { Name = name, Wait = wait, After = after };

    public static WorkflowDefinition Of(params StepDefinition[] steps) => new WorkflowDefinition
    {
        Kind = "test", Version = 7, Steps = steps, EngineLevel = steps.Any(s => s.Wait is not null) ? EngineLevel.Waits : EngineLevel.First,
    }.Validated();

    /// <summary>first, then left and right in parallel, then last, then the pivot, then two retriable steps.</summary>
    public static WorkflowDefinition Diamond { get; } = Of(
        Step("first"), Step("left", "first"), Step("right", "first"), Step("last", "left", "right"),
        Pivot("pivot", "last"), Retriable("tell", "pivot"), Retriable("count", "pivot"));
}
