using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Backup.OfRegistry;

/// <summary>
/// A backup of the registry. It belongs to no tenant, only reads, and has a scope of its own, so it waits for nothing but another backup of the
/// registry. It has no pivot: one that cannot be completed is removed.
/// </summary>
public sealed class BackUpRegistryPlan : ICommandPlan<BackUpRegistry, BackUpRegistry>
{
    public static string Kind => RegistryBackupStore.Kind;

    public static string Queue => Endpoints.RegistryBackups;

    public static CommandScheduling? Scheduling { get; } = new();

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } =
    [
        new WorkflowDefinition
        {
            Kind = RegistryBackupStore.Kind,
            Version = 1,
            EngineLevel = EngineLevel.Progress,
            Steps =
            [
                new() { Name = StepNames.BeginRegistryBackup, Worker = WorkerNames.Backup },
                Long(StepNames.DumpRegistry, StepNames.BeginRegistryBackup),
                Long(StepNames.CompleteRegistryBackup, StepNames.DumpRegistry),
            ],
        }.Validated(),
    ];

    public string AuditAction => AuditActions.RegistryBackup;

    public ValueTask<Checked<BackUpRegistry>> CheckAsync(BackUpRegistry command, CancellationToken cancellationToken)
    {
        var note = ReasonText.Normalize(command.Note);
        return ValueTask.FromResult<Checked<BackUpRegistry>>(
            command.Note is not null && note is null ? new(null, [new("/note", ReasonText.Rule)]) : new(command with { Note = note }, []));
    }

    public CommandSubject Subject(BackUpRegistry input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(BackUpRegistry input, BegunOperation operation) => [OperationScopes.RegistryBackups];

    public WorkflowDefinition Plan(BackUpRegistry input, Tenant? tenant) => Workflows[0];

    public IReadOnlyList<string> Words(BackUpRegistry input, Tenant? tenant) =>
        ["The whole control-plane database, as it is in one moment, is written to the object store, encrypted, and read back.", "Nothing waits for it except another backup of the registry."];

    public object AuditDetail(BackUpRegistry input) => new { note = input.Note };

    // Ten minutes without a byte mean that it hangs.
    private static StepDefinition Long(string name, params IReadOnlyList<string> after) => new()
    {
        Name = name, Worker = WorkerNames.Backup, After = after, StallAfter = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(1),
    };
}
