using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Exports;
using Saga.Registry.Operations;

namespace Saga.Lifecycle.RemoveExports;

/// <summary>Removes the file of an export. It waits for nothing else that works on the tenant, because files must not stay longer than they may.</summary>
public sealed class RemoveExportPlan(ExportStore exports) : ICommandPlan<RemoveExport, RemoveExport>
{
    public static string Kind => ExportRemovals.Kind;

    public static string Queue => Endpoints.ExportRemovals;

    public static bool Removes => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = ExportRemovals.Kind,
            Version = 1,
            // It stalls when the store refuses, rather than end with a file that nobody removes.
            ForwardOnly = true,
            Steps = [new() { Name = StepNames.RemoveExport, Worker = WorkerNames.Export, Kind = StepKind.Retriable, Deadline = TimeSpan.FromHours(6) }],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.ExportRemove;

    public async ValueTask<Checked<RemoveExport>> CheckAsync(RemoveExport command, CancellationToken cancellationToken) =>
        await exports.FindAsync(command.ExportId, cancellationToken) is { State: ExportState.Completed } export && export.TenantId == command.TenantId
            ? new(command, [])
            : new(null, [new("/exportId", "must be an export of the tenant whose file is there")]);

    public CommandSubject Subject(RemoveExport input) => new CommandSubject.ExistingTenant(input.TenantId);

    public IReadOnlyCollection<string> Scopes(RemoveExport input, BegunOperation operation) => [OperationScopes.Export(input.ExportId)];

    public OperationPriority Priority(RemoveExport input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(RemoveExport input, Registry.Tenants.Tenant? tenant) => Workflows[0];

    public object AuditDetail(RemoveExport input) => new { export = input.ExportId };
}
