using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Backup.OfRegistry;

/// <summary>The removal of backups of the registry whose time is over. What a failed one has left is removed by the next one, so nothing of it is undone.</summary>
public sealed class ExpireRegistryBackupsPlan : ICommandPlan<ExpireRegistryBackups, ExpireRegistryBackups>
{
    public static string Kind => "expireRegistryBackups";

    public static string Queue => Endpoints.RegistryBackupExpiries;

    public static bool Removes => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = "expireRegistryBackups",
            Version = 1,
            EngineLevel = EngineLevel.Progress,
            Steps = [new() { Name = StepNames.ExpireRegistryBackups, Worker = WorkerNames.Backup, StallAfter = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(6) }],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.RegistryBackupsExpire;

    public ValueTask<Checked<ExpireRegistryBackups>> CheckAsync(ExpireRegistryBackups command, CancellationToken cancellationToken) =>
        // A message may leave it out.
        ValueTask.FromResult<Checked<ExpireRegistryBackups>>(command.Backups is { Count: > 0 and <= BackupRetention.Most }
            ? new(command, [])
            : new(null, [new("/backups", $"is required: 1 to {BackupRetention.Most} ids of backups of the registry")]));

    public CommandSubject Subject(ExpireRegistryBackups input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(ExpireRegistryBackups input, BegunOperation operation) => [OperationScopes.RegistryBackups];

    public OperationPriority Priority(ExpireRegistryBackups input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(ExpireRegistryBackups input, Tenant? tenant) => Workflows[0];

    public object AuditDetail(ExpireRegistryBackups input) => new { backups = input.Backups };
}
