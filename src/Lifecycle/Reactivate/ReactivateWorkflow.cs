using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Reactivate;

/// <summary>
/// The way back from a suspension. What was closed is opened and tested while the holds still keep everybody out. Lifting them is the
/// pivot; before it, a failure closes everything again.
/// </summary>
public static class ReactivateWorkflow
{
    public const string Kind = "reactivate";

    /// <summary>Opens what was closed, tests it, and lifts the holds.</summary>
    public static WorkflowDefinition Opening { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        Forced = new()
        {
            Completed = TenantStatus.Active,
            Statable = [StepNames.EnableOrganization, StepNames.AdmitLogin, StepNames.OpenPlace, StepNames.EnableCache, StepNames.Verify],
        },
        Steps =
        [
            new() { Name = StepNames.EnableOrganization, Worker = WorkerNames.Identity, AttemptTimeout = TimeSpan.FromMinutes(15), Deadline = TimeSpan.FromHours(1) },
            new() { Name = StepNames.AdmitLogin, Worker = WorkerNames.Database },
            new() { Name = StepNames.OpenPlace, Worker = WorkerNames.Database },
            new() { Name = StepNames.EnableCache, Worker = WorkerNames.Cache },
            new()
            {
                Name = StepNames.Verify,
                Worker = WorkerNames.Verification,
                After = [StepNames.EnableOrganization, StepNames.AdmitLogin, StepNames.OpenPlace, StepNames.EnableCache],
            },
            new() { Name = StepNames.Reactivate, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot, After = [StepNames.Verify] },
        ],
    }.Validated();

    /// <summary>Only lifts the holds, because nothing was closed for them, or another hold keeps the tenant closed.</summary>
    public static WorkflowDefinition Lifting { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        Steps = [new() { Name = StepNames.Reactivate, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot }],
    }.Validated();
}
