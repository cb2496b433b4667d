using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Drift;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Drift;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Drift;

/// <summary>A checked repair.</summary>
/// <param name="Items">The findings, in the order of the command, each with its repair.</param>
/// <param name="Reason">Why.</param>
/// <param name="Confirm">What was confirmed.</param>
/// <param name="Needed">What must be confirmed.</param>
public sealed record ValidRepair(IReadOnlyList<(StoredFinding Finding, DriftRepair Repair)> Items, string Reason, IReadOnlyList<string> Confirm, IReadOnlyList<string> Needed);

/// <summary>
/// A repair of differences that scans have found. It belongs to no single tenant, because orphans belong to none, and holds the tenants of its findings and the
/// findings themselves: neither a scan nor an operation of the tenants is under way meanwhile.
/// </summary>
public sealed class RepairDriftPlan(DriftStore drift) : ICommandPlan<RepairDrift, ValidRepair>
{
    /// <summary>The most findings of one order. The registry is read again for each.</summary>
    public const int MostItems = 100;

    public static string Kind => DriftWorkflows.RepairKind;

    public static string Queue => Endpoints.DriftRepairs;

    // What is quarantined is removed in the end.
    public static bool Removes => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [DriftWorkflows.Repair];

    public string AuditAction => AuditActions.DriftRepair;

    public async ValueTask<Checked<ValidRepair>> CheckAsync(RepairDrift command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        var ids = command.Items ?? [];
        if (ids.Count is 0 or > MostItems)
            errors.Add(new("/items", $"must be 1 to {MostItems} ids of findings; GET /api/v1/drift lists them"));
        if (ReasonText.Normalize(command.Reason) is not { } reason)
            errors.Add(new("/reason", ReasonText.Rule));
        else
            command = command with { Reason = reason };
        var confirm = command.Confirm ?? [];
        errors.AddRange(confirm.Index().Where(c => !DriftRemovals.All.Contains(c.Item, StringComparer.Ordinal)).Select(c => new FieldError(
            $"/confirm/{c.Index}", $"must be one of {string.Join(", ", DriftRemovals.All)}")));
        if (errors.Count > 0)
            return new(null, errors);

        var found = await drift.FindAsync(ids, cancellationToken);
        var items = new List<(StoredFinding Finding, DriftRepair Repair)>();
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids.Take(i).Contains(ids[i]))
                errors.Add(new($"/items/{i}", "is there twice"));
            else if (!found.TryGetValue(ids[i], out var finding))
                errors.Add(new($"/items/{i}", "must be the id of a finding; there is none with this one"));
            else if (finding.EndedAt is not null)
                errors.Add(new($"/items/{i}", "has ended: the difference is not there any more"));
            else
                items.Add((finding, DriftRepairs.Of(finding.Finding)));
        }

        if (errors.Count > 0)
            return new(null, errors);
        var removed = items.Where(i => i.Repair.Kind == DriftRepairKind.Quarantine).Select(i => i.Finding.Finding.MadeAt).ToList();
        var facts = await drift.RemovalFactsAsync(removed, cancellationToken);
        var input = new ValidRepair(items, command.Reason!, confirm, DriftRemovals.Needed(facts));
        return new(input, []) { Rejection = Refuse(command, input, facts) };
    }

    public CommandSubject Subject(ValidRepair input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(ValidRepair input, BegunOperation operation) =>
    [
        OperationScopes.Drift,
        .. input.Items.Select(i => i.Finding.Finding.Tenant).OfType<Guid>().Distinct().Select(t => OperationScopes.Tenant(new TenantId(t))),
    ];

    public WorkflowDefinition Plan(ValidRepair input, Tenant? tenant) => DriftWorkflows.Repair;

    public IReadOnlyList<string> Words(ValidRepair input, Tenant? tenant) =>
    [
        .. input.Items.Select(i => $"{i.Finding.Finding.Key.Resource} '{i.Finding.Finding.Key.Name}': {i.Repair.Words}"),
        "Each is looked at once more right before. What is not so any more is not touched.",
    ];

    public object AuditDetail(ValidRepair input) => new { items = input.Items.Select(i => i.Finding.Id), reason = input.Reason, confirm = input.Confirm };

    private static OperationRejected? Refuse(RepairDrift command, ValidRepair input, RemovalFacts facts)
    {
        var never = input.Items.Index().Where(i => i.Item.Repair.Kind == DriftRepairKind.None).ToList();
        if (never.Count > 0)
        {
            return new()
            {
                Code = RejectionCodes.Validation,
                Detail = "Not everything can be repaired: see errors. Order the others without it.",
                Errors = [.. never.Select(i => new FieldError($"/items/{i.Index}", $"cannot be repaired. {i.Item.Repair.Words} {i.Item.Repair.Instead}"))],
            };
        }

        if (command.AsOperator == true && input.Items.Any(i => i.Repair.Kind == DriftRepairKind.Quarantine))
            return new() { Code = RejectionCodes.Forbidden, Detail = "The repair quarantines what should not be there, and it is removed later. This needs the role platform-admin." };
        var missing = input.Needed.Except(input.Confirm, StringComparer.Ordinal).ToList();
        return missing.Count == 0 ? null : new()
        {
            Code = RejectionCodes.ConfirmationNeeded,
            Detail = $"{string.Join(" ", missing.Select(m => DriftRemovals.Why(m, facts)))} Nothing is quarantined until it is confirmed: look at each, then send the command again with \"confirm\": [{string.Join(", ", input.Needed.Select(n => $"\"{n}\""))}].",
        };
    }
}
