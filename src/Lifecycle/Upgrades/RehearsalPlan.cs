using System.Globalization;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Products;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Upgrades;

/// <summary>
/// The rehearsal of an upgrade: a backup of the tenant, and a drill of that backup whose copy is brought to the version. Whatever fails, nothing is
/// left. After success the backup stays, as every backup does.
/// </summary>
public sealed class RehearsalPlan(ProductVersionStore products) : ICommandPlan<RehearseUpgrade, RehearseUpgrade>
{
    public static string Kind => "rehearseUpgrade";

    public static string Queue => Endpoints.UpgradeRehearsals;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = Kind,
            Version = 1,
            EngineLevel = EngineLevel.Progress,
            Steps =
            [
                .. BackupSteps.After(),
                Long(StepNames.CheckBackup, TimeSpan.FromHours(2), BackupSteps.Last),
                new() { Name = StepNames.CreateRestored, Worker = WorkerNames.Backup, After = [StepNames.CheckBackup] },
                Long(StepNames.RestoreRows, TimeSpan.FromHours(2), StepNames.CreateRestored),
                // A migration that rewrites a table makes no progress that could be seen. It has as long as the upgrade itself.
                Long(StepNames.VerifyRestored, TimeSpan.FromHours(12), StepNames.RestoreRows) with { StallAfter = TimeSpan.FromHours(6) },
                // Not the end of a drill: workers from before rehearsals run that one, and would not see that one of them migrated to another version.
                new() { Name = StepNames.EndRehearsal, Worker = WorkerNames.Backup, After = [StepNames.VerifyRestored], Needs = [StepNames.VerifyRestored] },
            ],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.PlaceRehearse;

    public async ValueTask<Checked<RehearseUpgrade>> CheckAsync(RehearseUpgrade command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "must be the tenant whose own place it is"));
        errors.AddRange(UpgradeRules.PlaceErrors(command.Server, command.Database, command.Schema));
        if (UpgradeRules.VersionError(command.TargetVersion, await products.NewestAsync(cancellationToken)) is { } wrong)
            errors.Add(new("/targetVersion", wrong));
        return errors.Count == 0 ? new(command with { IncludeObjects = command.IncludeObjects ?? false }, []) : new(null, errors);
    }

    // Stored with the operation, where the steps of the backup read it.
    public RehearseUpgrade Resolve(RehearseUpgrade command, RehearseUpgrade input) => command with { IncludeObjects = input.IncludeObjects };

    public CommandSubject Subject(RehearseUpgrade input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationRejected? Guard(RehearseUpgrade input, Tenant tenant) =>
        BackupPlan.RefuseDeprovisioning(tenant) ?? UpgradeRules.Guard(tenant, new(input.Server, input.Database, input.Schema));

    public OperationPriority Priority(RehearseUpgrade input) => OperationPriority.Batch;

    public WorkflowDefinition Plan(RehearseUpgrade input, Tenant? tenant) => Workflows[0];

    public IReadOnlyList<string> Words(RehearseUpgrade input, Tenant? tenant) =>
    [
        "The tenant is backed up, and the backup is restored into a database of its own on the same server.",
        string.Create(CultureInfo.InvariantCulture, $"The product's tables there get version {input.TargetVersion} and are verified. Then that database is dropped. The tenant's own place stays as it is."),
    ];

    public object AuditDetail(RehearseUpgrade input) => new { server = input.Server, database = input.Database, schema = input.Schema, targetVersion = input.TargetVersion };

    private static StepDefinition Long(string name, TimeSpan deadline, params IReadOnlyList<string> after) => new()
    {
        Name = name, Worker = WorkerNames.Backup, After = after, StallAfter = TimeSpan.FromMinutes(30), Deadline = deadline,
    };
}
