using System.Globalization;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Operations;
using Saga.Registry.Placements;
using Saga.Registry.Products;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Upgrades;

/// <summary>
/// The upgrade of one place. It has the scope of the tenant whose own place it is. Of shared tables it has the scope of their database, and
/// operations of the tenants meet it there: it waits for those that need the tables as they are, and later ones wait for it.
/// </summary>
public sealed class UpgradePlan(ProductVersionStore products) : ICommandPlan<UpgradePlace, UpgradePlace>
{
    public static string Kind => UpgradeWorkflow.Kind;

    public static string Queue => Endpoints.Upgrades;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [UpgradeWorkflow.Definition, UpgradeWorkflow.AfterBackup];

    public string AuditAction => AuditActions.PlaceUpgrade;

    // The place of a command that waits is upgraded in the window for which it was sent, and a batch that orders it again may do so in the next one.
    public UpgradePlace WithoutSecrets(UpgradePlace command) => command with { ClosesAt = null };

    public async ValueTask<Checked<UpgradePlace>> CheckAsync(UpgradePlace command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        errors.AddRange(UpgradeRules.PlaceErrors(command.Server, command.Database, command.Schema));
        if (command.TenantId == default(TenantId))
            errors.Add(new("/tenantId", "must be the tenant whose own place it is, or be left out for tables that tenants share"));
        if (command.TenantId is null && (command.Database, command.Schema) != (PlacementStore.RowDatabase, PlacementStore.ProductSchema))
            errors.Add(new("/tenantId", $"must be given: only the schema {PlacementStore.ProductSchema} of the database {PlacementStore.RowDatabase} is shared"));
        if (command.TenantId is null && command.BackupFirst == true)
            errors.Add(new("/backupFirst", "is not possible for tables that tenants share"));
        if (UpgradeRules.VersionError(command.TargetVersion, await products.NewestAsync(cancellationToken)) is { } wrong)
            errors.Add(new("/targetVersion", wrong));
        return errors.Count == 0 ? new(command with { IncludeObjects = command.IncludeObjects ?? false }, []) : new(null, errors);
    }

    // Stored with the operation, where the steps of the backup read it.
    public UpgradePlace Resolve(UpgradePlace command, UpgradePlace input) => command with { IncludeObjects = input.IncludeObjects };

    public CommandSubject Subject(UpgradePlace input) => input.TenantId is { } tenant ? new CommandSubject.ExistingTenant(tenant) : new CommandSubject.NoTenant();

    public OperationRejected? Guard(UpgradePlace input, Tenant tenant) => UpgradeRules.Guard(tenant, new(input.Server, input.Database, input.Schema));

    public IReadOnlyCollection<string> Scopes(UpgradePlace input, BegunOperation operation) =>
        [operation.TenantId is { } tenant ? OperationScopes.Tenant(tenant) : OperationScopes.Database(input.Server, input.Database)];

    public OperationPriority Priority(UpgradePlace input) => OperationPriority.Batch;

    public WorkflowDefinition Plan(UpgradePlace input, Tenant? tenant) => input.BackupFirst == true ? UpgradeWorkflow.AfterBackup : UpgradeWorkflow.Definition;

    public IReadOnlyList<string> Words(UpgradePlace input, Tenant? tenant) =>
    [
        .. input.BackupFirst == true ? (string[])["The tenant is backed up."] : [],
        string.Create(CultureInfo.InvariantCulture, $"The product's tables in schema '{input.Schema}' of database '{input.Database}' on server '{input.Server}' get version {input.TargetVersion}, in one transaction. That cannot be undone."),
    ];

    public object AuditDetail(UpgradePlace input) =>
        new { server = input.Server, database = input.Database, schema = input.Schema, targetVersion = input.TargetVersion, backupFirst = input.BackupFirst ?? false };
}
