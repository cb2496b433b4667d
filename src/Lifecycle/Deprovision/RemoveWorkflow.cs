using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Deprovision;

/// <summary>
/// Removes everything of a tenant whose grace period is over. The pivot makes the removal final. What is outside is removed in parallel, and
/// each step sees that nothing is left. The key goes last, with the tombstone and the certificate.
/// </summary>
public static class RemoveWorkflow
{
    public const string Kind = "remove";

    // Much data takes long. A step goes on as long as it makes progress.
    private static readonly TimeSpan StallAfter = TimeSpan.FromMinutes(15);

    public static WorkflowDefinition Removal { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            new() { Name = StepNames.BeginRemoval, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot },
            Remove(StepNames.RemoveOrganization, WorkerNames.Identity),
            Remove(StepNames.RemoveDatabase, WorkerNames.Database),
            Remove(StepNames.RemoveStorage, WorkerNames.Storage),
            Remove(StepNames.RemoveCache, WorkerNames.Cache),
            new()
            {
                Name = StepNames.Certify,
                Worker = WorkerNames.Reservation,
                Kind = StepKind.Retriable,
                After = [StepNames.RemoveOrganization, StepNames.RemoveDatabase, StepNames.RemoveStorage, StepNames.RemoveCache],
                Needs = [StepNames.RemoveOrganization, StepNames.RemoveDatabase, StepNames.RemoveStorage, StepNames.RemoveCache],
            },
        ],
    }.Validated();

    private static StepDefinition Remove(string name, string worker) => new()
    {
        Name = name,
        Worker = worker,
        Kind = StepKind.Retriable,
        After = [StepNames.BeginRemoval],
        MaxAttempts = 10,
        StallAfter = StallAfter,
        Deadline = TimeSpan.FromHours(6),
    };
}
