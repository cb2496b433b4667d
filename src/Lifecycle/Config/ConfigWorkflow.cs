using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Config;

/// <summary>The workflows of a tenant's own value. The steps are those of an update, but an encrypted value is sealed by a step of its own.</summary>
public static class ConfigWorkflow
{
    public const string Kind = "config";

    public static WorkflowDefinition Open { get; } = With(StepNames.UpdateConfiguration);

    public static WorkflowDefinition Sealed { get; } = With(StepNames.SealConfiguration);

    /// <summary>Takes the tenant's own value back, whether it is encrypted or not.</summary>
    public static WorkflowDefinition Reset { get; } = With(StepNames.ResetConfiguration);

    private static WorkflowDefinition With(string write) => new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        Steps =
        [
            new() { Name = StepNames.Update, Worker = WorkerNames.Reservation },
            new() { Name = write, Worker = WorkerNames.Configuration, After = [StepNames.Update] },
            new() { Name = StepNames.AnnounceUpdate, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot, After = [write] },
        ],
    }.Validated();
}
