using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Update;

/// <summary>
/// The workflows of an update. The tenant's row is changed when the update is accepted; the first step's compensation restores it. The pivot
/// announces the change.
/// </summary>
public static class UpdateWorkflow
{
    public const string Kind = "update";

    /// <summary>For what only the registry and its readers know.</summary>
    public static WorkflowDefinition InRegistry { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        Steps =
        [
            Step(StepNames.Update, WorkerNames.Reservation),
            Step(StepNames.UpdateConfiguration, WorkerNames.Configuration, StepNames.Update),
            Step(StepNames.AnnounceUpdate, WorkerNames.Reservation, StepNames.UpdateConfiguration) with { Kind = StepKind.Pivot },
        ],
    }.Validated();

    /// <summary>For what the identity provider also knows.</summary>
    public static WorkflowDefinition WithDirectory { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        Steps =
        [
            Step(StepNames.Update, WorkerNames.Reservation),
            Step(StepNames.UpdateConfiguration, WorkerNames.Configuration, StepNames.Update),
            Step(StepNames.UpdateOrganization, WorkerNames.Identity, StepNames.Update),
            Step(StepNames.ChangeAdministrator, WorkerNames.Identity, StepNames.Update),
            Step(StepNames.AnnounceUpdate, WorkerNames.Reservation, StepNames.UpdateConfiguration, StepNames.UpdateOrganization, StepNames.ChangeAdministrator) with { Kind = StepKind.Pivot },
            Step(StepNames.RetireAdministrator, WorkerNames.Identity, StepNames.AnnounceUpdate) with { Kind = StepKind.Retriable },
        ],
    }.Validated();

    public static WorkflowDefinition Of(TenantChange change) =>
        change.Has(TenantField.Name) || change.Has(TenantField.Description) || change.Has(TenantField.Domain) || change.NewAdministrator is not null ? WithDirectory : InRegistry;

    private static StepDefinition Step(string name, string worker, params IReadOnlyList<string> after) => new() { Name = name, Worker = worker, After = after };
}
