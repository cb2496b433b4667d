using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Restore;

/// <summary>Removes a database that a restore has made. It waits while another operation works on the tenant.</summary>
public sealed class RemoveRestoredPlan(RestoredStore restored) : ICommandPlan<RemoveRestored, RemoveRestored>
{
    public static string Kind => RestoredStore.RemovalKind;

    public static string Queue => Endpoints.RestoredRemovals;

    public static bool Removes => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = RestoredStore.RemovalKind, Version = 1, Steps = [new() { Name = StepNames.DropRestored, Worker = WorkerNames.Backup, Kind = StepKind.Pivot }],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.RestoredRemove;

    public async ValueTask<Checked<RemoveRestored>> CheckAsync(RemoveRestored command, CancellationToken cancellationToken) =>
        await restored.FindAsync(command.TenantId, command.OperationId, cancellationToken) is not null
            ? new(command, [])
            : new(null, [new("/operationId", "must be a restore of the tenant whose database is still there")]);

    public CommandSubject Subject(RemoveRestored input) => new CommandSubject.ExistingTenant(input.TenantId);

    public ScopeWait? Wait(RemoveRestored input) => new();

    public OperationPriority Priority(RemoveRestored input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(RemoveRestored input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(RemoveRestored input) => new { restore = input.OperationId };
}
