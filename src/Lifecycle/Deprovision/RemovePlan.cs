using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Deprovision;

/// <summary>The removal that a deprovisioning schedules. It runs only in that way, and only as long as that deprovisioning stands.</summary>
public sealed class RemovePlan : ICommandPlan<RemoveTenant, RemoveTenant>
{
    public static string Kind => RemoveWorkflow.Kind;

    public static string Queue => Endpoints.Removals;

    public static bool Removes => true;

    public static CommandScheduling? Scheduling { get; } = new(Only: true);

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RemoveWorkflow.RemovalAfterBackup, RemoveWorkflow.Removal];

    public string AuditAction => AuditActions.TenantRemove;

    public ValueTask<Checked<RemoveTenant>> CheckAsync(RemoveTenant command, CancellationToken cancellationToken) => ValueTask.FromResult<Checked<RemoveTenant>>(new(command, []));

    public CommandSubject Subject(RemoveTenant input) => new CommandSubject.ExistingTenant(input.TenantId);

    // While a provisioning ends, the removal waits for it, like the closing.
    public OperationRejected? Guard(RemoveTenant input, Tenant tenant) => TenantGuard.RequireStatus(tenant, TenantStatus.Provisioning, TenantStatus.Active)
        ?? (tenant.Deletion is { FinalAt: null } deletion && deletion.OperationId == input.Deprovisioning ? null : new()
        {
            Code = RejectionCodes.TenantState,
            Detail = $"The deprovisioning of tenant '{tenant.Slug}' that scheduled this removal was taken back.",
        });

    public WorkflowDefinition Plan(RemoveTenant input, Tenant? tenant) => RemoveWorkflow.For(input.Backup);

    public IEnumerable<NpgsqlBatchCommand> Effects(RemoveTenant input, BegunOperation operation) => [DeprovisioningRows.RemovalCommand(input.TenantId, operation.Id)];

    public object AuditDetail(RemoveTenant input) => new { deprovisioning = input.Deprovisioning, backup = input.Backup };
}
