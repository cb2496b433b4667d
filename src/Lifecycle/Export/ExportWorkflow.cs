using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Export;

/// <summary>The workflow of an export. It has no pivot: one that cannot be completed is removed.</summary>
public static class ExportWorkflow
{
    public const string Kind = "export";

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            new() { Name = StepNames.BeginExport, Worker = WorkerNames.Export },
            new()
            {
                Name = StepNames.WriteExport,
                Worker = WorkerNames.Export,
                After = [StepNames.BeginExport],
                // Many gigabytes take hours. Ten minutes without a byte mean that it hangs.
                StallAfter = TimeSpan.FromMinutes(10),
                Deadline = TimeSpan.FromHours(1),
            },
        ],
    }.Validated();
}
