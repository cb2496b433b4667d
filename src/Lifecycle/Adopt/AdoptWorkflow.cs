using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Adopt;

/// <summary>
/// The workflows from a database or schema that exists to an active tenant. A place is taken as it is: until the product's tables are migrated,
/// everything about it can be put back. The rows of a product without tenants are copied.
/// </summary>
public static class AdoptWorkflow
{
    public const string Kind = "adopt";

    /// <summary>A place becomes the tenant's.</summary>
    public static WorkflowDefinition Definition { get; } = Taking(withUsers: false);

    /// <summary>The same with users that become members.</summary>
    public static WorkflowDefinition WithUsers { get; } = Taking(withUsers: true);

    /// <summary>Rows are copied into the tables that tenants share.</summary>
    public static WorkflowDefinition Copied { get; } = Copying(withUsers: false);

    /// <summary>The same with users that become members.</summary>
    public static WorkflowDefinition CopiedWithUsers { get; } = Copying(withUsers: true);

    // Who is missing is known before anything is made.
    private static StepDefinition FindMembers(string after) => new()
    {
        Name = StepNames.FindMembers, Worker = WorkerNames.Identity, After = [after], AttemptTimeout = TimeSpan.FromHours(1), StallAfter = TimeSpan.FromMinutes(5), Deadline = TimeSpan.FromHours(2),
    };

    // After the administrator, whose membership is no concern of it.
    private static StepDefinition AddMembers() => new()
    {
        Name = StepNames.AddMembers, Worker = WorkerNames.Identity, After = [StepNames.Administrator], AttemptTimeout = TimeSpan.FromHours(1), StallAfter = TimeSpan.FromMinutes(5),
        Deadline = TimeSpan.FromHours(2),
    };

    private static WorkflowDefinition Copying(bool withUsers) => new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Forced = new()
        {
            Completed = TenantStatus.Active, Dispensable = [StepNames.Notify],
            Statable = [StepNames.AddMembers, StepNames.Verify, StepNames.VerifyAdopted, StepNames.Notify],
        },
        Steps =
        [
            new() { Name = StepNames.Reserve, Worker = WorkerNames.Reservation },
            new() { Name = StepNames.InspectSource, Worker = WorkerNames.Database, After = [StepNames.Reserve], AttemptTimeout = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(1) },
            .. withUsers ? (StepDefinition[])[FindMembers(StepNames.InspectSource)] : [],
            .. Making(withUsers ? StepNames.FindMembers : StepNames.InspectSource, StepNames.Database),
            new() { Name = StepNames.Migrate, Worker = WorkerNames.Database, After = [StepNames.Database] },
            Long(StepNames.CopySource, StepNames.Migrate),
            Long(StepNames.CompareSource, StepNames.CopySource),
            .. withUsers ? (StepDefinition[])[AddMembers()] : [],
            new()
            {
                Name = StepNames.Verify, Worker = WorkerNames.Verification,
                After = [StepNames.CompareSource, StepNames.Storage, StepNames.Cache, StepNames.Configuration, withUsers ? StepNames.AddMembers : StepNames.Administrator],
            },
            new() { Name = StepNames.Activate, Worker = WorkerNames.Reservation, Kind = StepKind.Pivot, After = [StepNames.Verify] },
            new() { Name = StepNames.AnnounceCopied, Worker = WorkerNames.Reservation, Kind = StepKind.Retriable, After = [StepNames.Activate], Needs = [StepNames.CompareSource] },
            Notifying(),
        ],
    }.Validated();

    // A statement over one large table makes no progress that could be seen.
    private static StepDefinition Long(string name, string after) => new()
    {
        Name = name, Worker = WorkerNames.Database, After = [after], AttemptTimeout = TimeSpan.FromHours(6), StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(12),
    };

    private static IEnumerable<StepDefinition> Making(string after, string place) =>
    [
        new() { Name = StepNames.Identity, Worker = WorkerNames.Identity, After = [after] },
        new() { Name = place, Worker = WorkerNames.Database, After = [after] },
        new() { Name = StepNames.Storage, Worker = WorkerNames.Storage, After = [after] },
        new() { Name = StepNames.Cache, Worker = WorkerNames.Cache, After = [after] },
        new() { Name = StepNames.Configuration, Worker = WorkerNames.Configuration, After = [after] },
        new() { Name = StepNames.Administrator, Worker = WorkerNames.Identity, After = [StepNames.Identity], Needs = [StepNames.Identity] },
    ];

    private static StepDefinition Notifying() => new()
    {
        Name = StepNames.Notify, Worker = WorkerNames.Notification, Kind = StepKind.Retriable, After = [StepNames.Activate], Needs = [StepNames.Administrator],
    };

    private static WorkflowDefinition Taking(bool withUsers) => new WorkflowDefinition
    {
        Kind = Kind,
        Version = 1,
        EngineLevel = EngineLevel.Progress,
        Forced = new()
        {
            Completed = TenantStatus.Active, Dispensable = [StepNames.Notify],
            Statable = [StepNames.AddMembers, StepNames.Verify, StepNames.VerifyAdopted, StepNames.Notify],
        },
        Steps =
        [
            new() { Name = StepNames.ReserveAdopted, Worker = WorkerNames.Reservation },
            // Nothing is written anywhere before the place was looked at. It reads every row, once.
            new()
            {
                Name = StepNames.InspectPlace, Worker = WorkerNames.Database, After = [StepNames.ReserveAdopted],
                AttemptTimeout = TimeSpan.FromHours(1), StallAfter = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(2),
            },
            .. withUsers ? (StepDefinition[])[FindMembers(StepNames.InspectPlace)] : [],
            .. Making(withUsers ? StepNames.FindMembers : StepNames.InspectPlace, StepNames.TakePlace),
            .. withUsers ? (StepDefinition[])[AddMembers()] : [],
            new()
            {
                Name = StepNames.Verify,
                Worker = WorkerNames.Verification,
                After = [StepNames.TakePlace, StepNames.Storage, StepNames.Cache, StepNames.Configuration, withUsers ? StepNames.AddMembers : StepNames.Administrator],
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
            Notifying(),
        ],
    }.Validated();
}
