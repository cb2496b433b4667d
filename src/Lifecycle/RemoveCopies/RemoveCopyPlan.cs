using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Placements;

namespace Saga.Lifecycle.RemoveCopies;

/// <summary>Removes the former copy of a tenant's rows. It waits while another operation works on the tenant.</summary>
public sealed class RemoveCopyPlan(PlacementStore placements) : ICommandPlan<RemoveCopy, RemoveCopy>
{
    public static string Kind => CopyRemovals.Kind;

    public static string Queue => Endpoints.RemoveCopyCommands;

    public static bool Removes => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = CopyRemovals.Kind,
            Version = 1,
            Steps = [new() { Name = StepNames.DropCopy, Worker = WorkerNames.Database, Kind = StepKind.Pivot, AttemptTimeout = TimeSpan.FromMinutes(30), Deadline = TimeSpan.FromHours(6) }],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.CopyRemove;

    public async ValueTask<Checked<RemoveCopy>> CheckAsync(RemoveCopy command, CancellationToken cancellationToken) =>
        (await placements.FindAsync(command.TenantId, command.PlacementId, cancellationToken))?.State == PlacementState.Kept
            ? new(command, [])
            : new(null, [new("/placementId", "must be a placement of the tenant that is kept")]);

    public CommandSubject Subject(RemoveCopy input) => new CommandSubject.ExistingTenant(input.TenantId);

    public OperationPriority Priority(RemoveCopy input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(RemoveCopy input, Registry.Tenants.Tenant? tenant) => Workflows[0];

    public object AuditDetail(RemoveCopy input) => new { placement = input.PlacementId };
}
