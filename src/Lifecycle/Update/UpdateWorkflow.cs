using Saga.Contracts.Identifiers;
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
    public static WorkflowDefinition InRegistry { get; } = Define(directory: false, replica: null);

    /// <summary>For what the identity provider also knows.</summary>
    public static WorkflowDefinition WithDirectory { get; } = Define(directory: true, replica: null);

    /// <summary>The workflows of updates that turn the read replica on or off; the login for it is made before the pivot, and dropped after it.</summary>
    public static IReadOnlyList<WorkflowDefinition> WithReplica { get; } = [Define(false, true), Define(false, false), Define(true, true), Define(true, false)];

    public static WorkflowDefinition Of(TenantChange change)
    {
        var directory = change.Has(TenantField.Name) || change.Has(TenantField.Description) || change.Has(TenantField.Domain) || change.NewAdministrator is not null;
        return change.TurnsReplica is { } on ? WithReplica[(directory ? 2 : 0) + (on ? 0 : 1)] : directory ? WithDirectory : InRegistry;
    }

    private static WorkflowDefinition Define(bool directory, bool? replica)
    {
        string[] changed =
        [
            StepNames.UpdateConfiguration,
            .. directory ? (string[])[StepNames.UpdateOrganization, StepNames.ChangeAdministrator] : [],
            .. replica == true ? (string[])[StepNames.CreateReplica] : [],
        ];
        return new WorkflowDefinition
        {
            Kind = Kind,
            Version = 1,
            // A replica's login is in the registry.
            Forced = replica is null
                ? new() { Completed = TenantStatus.Active, Statable = [StepNames.UpdateOrganization, StepNames.RetireAdministrator] }
                : null,
            Steps =
            [
                Step(StepNames.Update, WorkerNames.Reservation),
                .. changed.Select(c => Step(c, WorkerOf(c), StepNames.Update)),
                Step(StepNames.AnnounceUpdate, WorkerNames.Reservation, changed) with { Kind = StepKind.Pivot },
                .. directory ? (StepDefinition[])[Step(StepNames.RetireAdministrator, WorkerNames.Identity, StepNames.AnnounceUpdate) with { Kind = StepKind.Retriable }] : [],
                .. replica == false ? (StepDefinition[])[Step(StepNames.RemoveReplica, WorkerNames.Database, StepNames.AnnounceUpdate) with { Kind = StepKind.Retriable }] : [],
            ],
        }.Validated();
    }

    private static string WorkerOf(string step) => step switch
    {
        StepNames.UpdateConfiguration => WorkerNames.Configuration,
        StepNames.CreateReplica => WorkerNames.Database,
        _ => WorkerNames.Identity,
    };

    private static StepDefinition Step(string name, string worker, params IReadOnlyList<string> after) => new() { Name = name, Worker = worker, After = after };
}
