using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Revert;

/// <summary>
/// The way back from a move or a restore. The kept place is compared while nobody writes, and the tenant is routed to it again. Only in shared tables
/// rows are copied.
/// </summary>
public static class RevertWorkflow
{
    public const string Kind = "revert";

    /// <summary>The plan stays.</summary>
    public static WorkflowDefinition InPlan { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps = [Begin, .. Back(StepNames.BeginRevert), Drop(StepNames.OpenReverted)],
    }.Validated();

    /// <summary>The tenant gets back the plan that it had before the move.</summary>
    public static WorkflowDefinition WithPlan { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            Begin,
            new() { Name = StepNames.RestorePlan, Worker = WorkerNames.Configuration, After = [StepNames.BeginRevert] },
            .. Back(StepNames.RestorePlan),
            new() { Name = StepNames.AnnouncePlan, Worker = WorkerNames.Configuration, Kind = StepKind.Retriable, After = [StepNames.OpenReverted] },
            Drop(StepNames.AnnouncePlan),
        ],
    }.Validated();

    /// <summary>In shared tables: the rows that a restore has replaced are put back into the place that the tenant has.</summary>
    public static WorkflowDefinition PutBack { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            Begin,
            .. Lock(StepNames.BeginRevert),
            Long(StepNames.PutBackRows, StepNames.TakeAway) with { Kind = StepKind.Pivot },
            new() { Name = StepNames.OpenPutBack, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [StepNames.PutBackRows], Needs = [StepNames.BeginRevert] },
            Drop(StepNames.OpenPutBack),
        ],
    }.Validated();

    private static StepDefinition Begin => new() { Name = StepNames.BeginRevert, Worker = WorkerNames.Database };

    private static IEnumerable<StepDefinition> Back(string after)
    {
        foreach (var step in Lock(after))
            yield return step;
        yield return new() { Name = StepNames.SwitchBack, Worker = WorkerNames.Database, Kind = StepKind.Pivot, After = [StepNames.TakeAway], Needs = [StepNames.BeginRevert] };
        yield return new() { Name = StepNames.OpenReverted, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [StepNames.SwitchBack], Needs = [StepNames.BeginRevert] };
    }

    // Nobody writes while the places are compared, and nobody reads while the rows or the routing change.
    private static IEnumerable<StepDefinition> Lock(string after)
    {
        yield return new() { Name = StepNames.LockPlace, Worker = WorkerNames.Database, After = [after] };
        yield return Long(StepNames.CompareCopy, StepNames.LockPlace);
        yield return new() { Name = StepNames.TakeAway, Worker = WorkerNames.Database, After = [StepNames.CompareCopy] };
    }

    private static StepDefinition Long(string name, string after) => new()
    {
        Name = name, Worker = WorkerNames.Database, After = [after], Needs = [StepNames.BeginRevert],
        AttemptTimeout = TimeSpan.FromHours(6), StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(12),
    };

    private static StepDefinition Drop(string after) => new()
    {
        Name = StepNames.DropReverted, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [after], Needs = [StepNames.BeginRevert],
        AttemptTimeout = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(6),
    };
}
