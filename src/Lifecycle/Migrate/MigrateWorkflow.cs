using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Migrate;

/// <summary>The workflows of a migration.</summary>
public static class MigrateWorkflow
{
    public const string Kind = "migrate";

    /// <summary>Another plan in the same place: no step touches the tenant's rows.</summary>
    public static WorkflowDefinition InPlace { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 2,
        Steps =
        [
            .. Checking(),
            new() { Name = StepNames.ChangePlan, Worker = WorkerNames.Configuration, After = [StepNames.CheckStorage] },
            new() { Name = StepNames.LimitLogin, Worker = WorkerNames.Database, After = [StepNames.ChangePlan] },
            new() { Name = StepNames.Verify, Worker = WorkerNames.Verification, After = [StepNames.LimitLogin] },
            new() { Name = StepNames.AnnouncePlan, Worker = WorkerNames.Configuration, Kind = StepKind.Pivot, After = [StepNames.Verify] },
        ],
    }.Validated();

    /// <summary>The same plan in another place.</summary>
    public static WorkflowDefinition Move { get; } = new WorkflowDefinition
    {
        Kind = Kind, Version = 1, EngineLevel = Saga.Engine.EngineLevel.Progress, Steps = [.. Moving()],
    }.Validated();

    /// <summary>Another plan in another place.</summary>
    public static WorkflowDefinition MoveAndChange { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 2,
        EngineLevel = Saga.Engine.EngineLevel.Progress,
        Steps =
        [
            .. Checking(),
            new() { Name = StepNames.ChangePlan, Worker = WorkerNames.Configuration, After = [StepNames.CheckStorage] },
            new() { Name = StepNames.Verify, Worker = WorkerNames.Verification, After = [StepNames.ChangePlan] },
            .. Moving(StepNames.Verify),
            new() { Name = StepNames.AnnouncePlan, Worker = WorkerNames.Configuration, Kind = StepKind.Retriable, After = [StepNames.OpenMoved] },
        ],
    }.Validated();

    // Whether what the tenant uses fits the plan. In shared tables every row is read, and every object is listed.
    private static IEnumerable<StepDefinition> Checking()
    {
        yield return new() { Name = StepNames.CheckUsage, Worker = WorkerNames.Database, AttemptTimeout = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(2) };
        yield return new()
        {
            Name = StepNames.CheckStorage, Worker = WorkerNames.Storage, After = [StepNames.CheckUsage], Needs = [StepNames.CheckUsage],
            AttemptTimeout = TimeSpan.FromHours(2), Deadline = TimeSpan.FromHours(4),
        };
    }

    // Everything that takes long is done before the tenant is read-only, but the copy.
    private static IEnumerable<StepDefinition> Moving(params string[] after)
    {
        yield return new() { Name = StepNames.ReserveMove, Worker = WorkerNames.Database, After = after };
        yield return new() { Name = StepNames.CreateMove, Worker = WorkerNames.Database, After = [StepNames.ReserveMove], Needs = [StepNames.ReserveMove] };
        yield return new() { Name = StepNames.LockPlace, Worker = WorkerNames.Database, After = [StepNames.CreateMove] };
        yield return Long(StepNames.CopyRows, StepNames.LockPlace);
        yield return Long(StepNames.CompareRows, StepNames.CopyRows);
        yield return new() { Name = StepNames.TakeAway, Worker = WorkerNames.Database, After = [StepNames.CompareRows] };
        yield return new() { Name = StepNames.Switch, Worker = WorkerNames.Database, Kind = StepKind.Pivot, After = [StepNames.TakeAway], Needs = [StepNames.ReserveMove] };
        yield return new() { Name = StepNames.OpenMoved, Worker = WorkerNames.Database, Kind = StepKind.Retriable, After = [StepNames.Switch], Needs = [StepNames.ReserveMove] };
    }

    // A statement over one large table makes no progress that could be seen.
    private static StepDefinition Long(string name, string after) => new()
    {
        Name = name, Worker = WorkerNames.Database, After = [after], Needs = [StepNames.ReserveMove],
        AttemptTimeout = TimeSpan.FromHours(6), StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(12),
    };
}
