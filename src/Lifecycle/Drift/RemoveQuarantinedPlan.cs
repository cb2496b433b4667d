using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Drift;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Drift;

/// <summary>Removes something whose time in quarantine is over, if it is still an orphan and nobody has changed it.</summary>
public sealed class RemoveQuarantinedPlan(QuarantineStore quarantine) : ICommandPlan<RemoveQuarantined, QuarantinedThing>
{
    public static string Kind => QuarantineRows.RemovalKind;

    public static string Queue => Endpoints.QuarantineRemovals;

    public static bool Removes => true;

    public static CommandScheduling? Scheduling { get; } = new(Only: true);

    public static IReadOnlyList<WorkflowDefinition> Workflows => DriftWorkflows.Remove;

    public string AuditAction => AuditActions.QuarantineRemove;

    public async ValueTask<Checked<QuarantinedThing>> CheckAsync(RemoveQuarantined command, CancellationToken cancellationToken) =>
        // An operation that began to remove it may have ended before it was gone.
        await quarantine.FindAsync(command.QuarantineId, cancellationToken) is { State: QuarantineState.Quarantined or QuarantineState.Removing } thing
            ? new(thing, [])
            : new(null, [new("/quarantineId", "must be the id of something that is in quarantine")]);

    public CommandSubject Subject(QuarantinedThing input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(QuarantinedThing input, BegunOperation operation) => ReleaseQuarantinedPlan.ScopesOf(input);

    public OperationPriority Priority(QuarantinedThing input) => OperationPriority.Scheduled;

    public WorkflowDefinition Plan(QuarantinedThing input, Tenant? tenant) => DriftWorkflows.For(DriftWorkflows.Remove, input);

    public object AuditDetail(QuarantinedThing input) => new { quarantine = input.Id, resource = input.Key.Resource, server = input.Key.Server, name = input.Key.Name };
}
