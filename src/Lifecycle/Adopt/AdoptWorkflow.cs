using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Adopt;

/// <summary>
/// The workflow from a database or schema that exists to an active tenant. Until the product's tables are migrated, everything about it can be
/// put back.
/// </summary>
public static class AdoptWorkflow
{
    public const string Kind = "adopt";

    public static WorkflowDefinition Definition { get; } = new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Steps =
        [
            new() { Name = StepNames.ReserveAdopted, Worker = WorkerNames.Reservation },
            // Nothing is written anywhere before the place was looked at. It reads every row, once.
            new()
            {
                Name = StepNames.InspectPlace, Worker = WorkerNames.Database, After = [StepNames.ReserveAdopted],
                AttemptTimeout = TimeSpan.FromHours(1), StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(2),
            },
            new() { Name = StepNames.Identity, Worker = WorkerNames.Identity, After = [StepNames.InspectPlace] },
            new() { Name = StepNames.TakePlace, Worker = WorkerNames.Database, After = [StepNames.InspectPlace] },
            new() { Name = StepNames.Storage, Worker = WorkerNames.Storage, After = [StepNames.InspectPlace] },
            new() { Name = StepNames.Cache, Worker = WorkerNames.Cache, After = [StepNames.InspectPlace] },
            new() { Name = StepNames.Configuration, Worker = WorkerNames.Configuration, After = [StepNames.InspectPlace] },
            new() { Name = StepNames.Administrator, Worker = WorkerNames.Identity, After = [StepNames.Identity], Needs = [StepNames.Identity] },
            new()
            {
                Name = StepNames.Verify,
                Worker = WorkerNames.Verification,
                After = [StepNames.TakePlace, StepNames.Storage, StepNames.Cache, StepNames.Configuration, StepNames.Administrator],
            },
            // What a migration did to the tables cannot be put back, so it comes last. It may rewrite every row.
            new()
            {
                Name = StepNames.MigrateAdopted, Worker = WorkerNames.Database, Kind = StepKind.Pivot, After = [StepNames.Verify],
                AttemptTimeout = TimeSpan.FromHours(6), Deadline = TimeSpan.FromHours(12),
            },
            new() { Name = StepNames.VerifyAdopted, Worker = WorkerNames.Verification, Kind = StepKind.Retriable, After = [StepNames.MigrateAdopted], Needs = [StepNames.MigrateAdopted] },
            new() { Name = StepNames.Activate, Worker = WorkerNames.Reservation, Kind = StepKind.Retriable, After = [StepNames.VerifyAdopted] },
            new() { Name = StepNames.AnnounceAdopted, Worker = WorkerNames.Reservation, Kind = StepKind.Retriable, After = [StepNames.Activate], Needs = [StepNames.MigrateAdopted] },
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
