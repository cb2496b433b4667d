using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;
using Saga.Registry.Drift;

namespace Saga.Lifecycle.Drift;

/// <summary>A step for each worker that has resources outside, beside one another. They change nothing, so there is nothing to undo.</summary>
public static class ScanDriftWorkflow
{
    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = DriftStore.ScanKind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            Step(StepNames.ScanDatabases, WorkerNames.Database),
            Step(StepNames.ScanOrganizations, WorkerNames.Identity),
            Step(StepNames.ScanStorage, WorkerNames.Storage),
            Step(StepNames.ScanCache, WorkerNames.Cache),
            Step(StepNames.ScanBackups, WorkerNames.Backup),
        ],
    }.Validated();

    private static StepDefinition Step(string name, string worker) => new() { Name = name, Worker = worker, StallAfter = TimeSpan.FromMinutes(5), Deadline = TimeSpan.FromHours(1) };
}
