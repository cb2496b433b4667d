using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Drift;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Drift;

/// <summary>A checked release.</summary>
public sealed record ValidRelease(QuarantinedThing Thing, string Reason);

/// <summary>Puts something in quarantine back as it was. It is an orphan again, which the next scan finds.</summary>
public sealed class ReleaseQuarantinedPlan(QuarantineStore quarantine) : ICommandPlan<ReleaseQuarantined, ValidRelease>
{
    public static string Kind => DriftWorkflows.ReleaseKind;

    public static string Queue => Endpoints.QuarantineReleases;

    public static IReadOnlyList<WorkflowDefinition> Workflows => DriftWorkflows.Release;

    public string AuditAction => AuditActions.QuarantineRelease;

    public async ValueTask<Checked<ValidRelease>> CheckAsync(ReleaseQuarantined command, CancellationToken cancellationToken)
    {
        if (ReasonText.Normalize(command.Reason) is not { } reason)
            return new(null, [new("/reason", ReasonText.Rule)]);
        if (await quarantine.FindAsync(command.QuarantineId, cancellationToken) is not { } thing)
        {
            return new(null, [])
            {
                Rejection = new() { Code = RejectionCodes.QuarantineNotFound, Detail = $"Nothing was quarantined under the id {command.QuarantineId}. GET /api/v1/drift/quarantine lists what is." },
            };
        }

        return new(new(thing, reason), [])
        {
            // An operation that is still at it has the scope. One that ended half-way, because somebody skipped its step, is made up for.
            Rejection = thing.EndedAt is null ? null : new()
            {
                Code = RejectionCodes.QuarantineState,
                Detail = $"It is {thing.State.ToString().ToLowerInvariant()}. Only what is in quarantine can be released.",
            },
        };
    }

    public CommandSubject Subject(ValidRelease input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(ValidRelease input, BegunOperation operation) => ScopesOf(input.Thing);

    public WorkflowDefinition Plan(ValidRelease input, Tenant? tenant) => DriftWorkflows.For(DriftWorkflows.Release, input.Thing);

    public IReadOnlyList<string> Words(ValidRelease input, Tenant? tenant) =>
        [$"{input.Thing.Key.Resource} '{input.Thing.Key.Name}' gets its name and its rights back, and is not removed. The next scan finds it again, if it is still an orphan."];

    public object AuditDetail(ValidRelease input) => new { quarantine = input.Thing.Id, reason = input.Reason };

    /// <summary>What an operation about the thing keeps for itself.</summary>
    internal static IReadOnlyCollection<string> ScopesOf(QuarantinedThing thing) =>
        [OperationScopes.Drift, .. thing.Tenant is { } tenant ? (string[])[OperationScopes.Tenant(new TenantId(tenant))] : []];
}
