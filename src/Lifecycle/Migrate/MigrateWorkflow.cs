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
        Version = 1,
        Steps =
        [
            new() { Name = StepNames.CheckUsage, Worker = WorkerNames.Database },
            new() { Name = StepNames.ChangePlan, Worker = WorkerNames.Configuration, After = [StepNames.CheckUsage] },
            new() { Name = StepNames.LimitLogin, Worker = WorkerNames.Database, After = [StepNames.ChangePlan] },
            new() { Name = StepNames.Verify, Worker = WorkerNames.Verification, After = [StepNames.LimitLogin] },
            new() { Name = StepNames.AnnouncePlan, Worker = WorkerNames.Configuration, Kind = StepKind.Pivot, After = [StepNames.Verify] },
        ],
    }.Validated();
}
