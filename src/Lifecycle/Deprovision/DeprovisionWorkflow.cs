using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Suspend;

namespace Saga.Lifecycle.Deprovision;

/// <summary>
/// What follows the acceptance of a deprovisioning: the tenant is closed outside, as in a suspension. The hold and the date of the removal
/// stand from the acceptance on, so every step is retriable. The removal is an operation of its own: <see cref="RemoveWorkflow"/>.
/// </summary>
public static class DeprovisionWorkflow
{
    public const string Kind = "deprovision";

    public static WorkflowDefinition Closing { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        Forced = new() { Completed = TenantStatus.Suspended, Statable = SuspendWorkflow.Outside },
        ForwardOnly = true,
        Steps =
        [
            new() { Name = StepNames.AnnounceDeprovisioning, Worker = WorkerNames.Reservation, Kind = StepKind.Retriable },
            .. SuspendWorkflow.CloseAfter(StepNames.AnnounceDeprovisioning),
        ],
    }.Validated();
}
