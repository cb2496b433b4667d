using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Processes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.MasterKeys;

/// <summary>Rotation of the master key, which belongs to no tenant. Refused while a process lacks the key or wraps with another one.</summary>
public sealed class RotateMasterKeyPlan(ProcessStore processes) : ICommandPlan<RotateMasterKey, RotateMasterKey>
{
    private const int MaxLength = 63;
    private const int MaxErrors = 20;

    public static string Kind => RotateMasterKeyWorkflow.Kind;

    public static string Queue => Endpoints.MasterKeyRotations;

    public static CommandScheduling? Scheduling { get; } = new();

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RotateMasterKeyWorkflow.Definition];

    public string AuditAction => AuditActions.MasterKeyRotate;

    public async ValueTask<Checked<RotateMasterKey>> CheckAsync(RotateMasterKey command, CancellationToken cancellationToken)
    {
        // A message may leave it out.
        if (command.MasterKeyId is not { Length: > 0 and <= MaxLength } id || !id.All(c => c is > ' ' and <= '~'))
            return new(null, [new("/masterKeyId", $"must be the id of a key under Saga:Sealing:MasterKeys: 1 to {MaxLength} visible ASCII characters")]);
        var obstacles = MasterKeyReadiness.FindObstacles(id, await processes.ListAsync(cancellationToken));
        return new(obstacles.Count == 0 ? command : null, [.. obstacles.Take(MaxErrors).Select(o => new FieldError("/masterKeyId", o))]);
    }

    public CommandSubject Subject(RotateMasterKey input) => new CommandSubject.NoTenant();

    public WorkflowDefinition Plan(RotateMasterKey input, Tenant? tenant) => RotateMasterKeyWorkflow.Definition;

    public IReadOnlyList<string> Words(RotateMasterKey input, Tenant? tenant) =>
    [
        $"The keys of all tenants and of their backups are wrapped with the master key '{input.MasterKeyId}', while tenants work on. What is sealed with them stays as it is.",
        "Then no key in the registry needs a former master key any more. Backups of the registry that were made before still do.",
    ];

    public object AuditDetail(RotateMasterKey input) => new { masterKeyId = input.MasterKeyId };
}
