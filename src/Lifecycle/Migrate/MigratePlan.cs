using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>Migration: gives a tenant another plan, tier or server.</summary>
public sealed class MigratePlan(PlanStore plans, ServerRoomStore servers, TenantStore tenants, PlacementStore placements) : ICommandPlan<MigrateTenant, ValidMigrate>
{
    public static string Kind => MigrateWorkflow.Kind;

    public static string Queue => Endpoints.MigrateCommands;

    public static bool ForMany => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [MigrateWorkflow.InPlace, MigrateWorkflow.Move, MigrateWorkflow.MoveAndChange];

    public string AuditAction => AuditActions.TenantMigrate;

    public async ValueTask<Checked<ValidMigrate>> CheckAsync(MigrateTenant command, CancellationToken cancellationToken)
    {
        var valid = MigrateValidation.Validate(command, await plans.ListAsync(cancellationToken), await servers.ListAsync(cancellationToken), out var errors);
        if (valid is null)
            return new(null, errors);
        var tenant = await tenants.FindAsync(command.TenantId, cancellationToken);
        var own = tenant is null ? null : await plans.FindAsync(tenant.Plan, tenant.PlanVersion, cancellationToken);
        return new(valid with { Found = tenant, OwnPlan = own, Kept = await placements.KeptAsync(command.TenantId, cancellationToken) }, errors);
    }

    /// <summary>A version that becomes current later does not change what an accepted migration gives.</summary>
    public MigrateTenant Resolve(MigrateTenant command, ValidMigrate input) => command with { TargetVersion = input.Plan?.Version };

    public CommandSubject Subject(ValidMigrate input) => new CommandSubject.ExistingTenant(input.Tenant);

    public OperationRejected? Guard(ValidMigrate input, Tenant tenant) => MigrateGuard.Check(input, tenant);

    public WorkflowDefinition Plan(ValidMigrate input, Tenant? tenant) => MigrateTarget.Of(input, tenant!) switch
    {
        { Moves: true, ChangesPlan: true } => MigrateWorkflow.MoveAndChange,
        { Moves: true } => MigrateWorkflow.Move,
        _ => MigrateWorkflow.InPlace,
    };

    public IReadOnlyList<string> Words(ValidMigrate input, Tenant? tenant) => MigrateTarget.Of(input, tenant!) is { } target ? MigrateWords.Of(target, input) : [];

    public object AuditDetail(ValidMigrate input) => new { targetPlan = input.Plan?.Name, targetVersion = input.Plan?.Version, isolation = input.Tier, server = input.Server, preserveData = input.PreserveData };
}
