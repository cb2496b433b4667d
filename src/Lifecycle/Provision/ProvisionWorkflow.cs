using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Provision;

/// <summary>The workflow from a reserved name to an active, verified tenant.</summary>
public static class ProvisionWorkflow
{
    public const string Kind = "provision";

    public static WorkflowDefinition Definition { get; } = Define(withReplica: false);

    /// <summary>For a tenant with a read replica.</summary>
    public static WorkflowDefinition WithReplica { get; } = Define(withReplica: true);

    private static WorkflowDefinition Define(bool withReplica) => new WorkflowDefinition
    {
        Kind = Kind,
        Version = 3,
        Forced = new() { Completed = TenantStatus.Active, Undone = TenantStatus.Failed, Statable = [StepNames.Verify, StepNames.Notify], Dispensable = [StepNames.Notify] },
        Steps =
        [
            new() { Name = StepNames.Reserve, Worker = WorkerNames.Reservation },
            new() { Name = StepNames.Identity, Worker = WorkerNames.Identity, After = [StepNames.Reserve] },
            new() { Name = StepNames.Database, Worker = WorkerNames.Database, After = [StepNames.Reserve] },
            new() { Name = StepNames.Storage, Worker = WorkerNames.Storage, After = [StepNames.Reserve] },
            new() { Name = StepNames.Cache, Worker = WorkerNames.Cache, After = [StepNames.Reserve] },
            new() { Name = StepNames.Configuration, Worker = WorkerNames.Configuration, After = [StepNames.Reserve] },
            new() { Name = StepNames.Migrate, Worker = WorkerNames.Database, After = [StepNames.Database] },
            // A read-only login reads what is there, so the tables come first.
            .. withReplica ? (StepDefinition[])[new() { Name = StepNames.CreateReplica, Worker = WorkerNames.Database, After = [StepNames.Migrate] }] : [],
            new() { Name = StepNames.Administrator, Worker = WorkerNames.Identity, After = [StepNames.Identity], Needs = [StepNames.Identity] },
            new()
            {
                Name = StepNames.Verify,
                Worker = WorkerNames.Verification,
                After = [withReplica ? StepNames.CreateReplica : StepNames.Migrate, StepNames.Storage, StepNames.Cache, StepNames.Configuration, StepNames.Administrator],
            },
            new() { Name = StepNames.Activate, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot, After = [StepNames.Verify] },
            new()
            {
                Name = StepNames.Notify,
                Worker = WorkerNames.Notification,
                Kind = StepKind.Retriable,
                After = [StepNames.Activate],
                Needs = [StepNames.Administrator],
            },
        ],
    }.Validated();
}
