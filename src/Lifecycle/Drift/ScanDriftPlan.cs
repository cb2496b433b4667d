using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Drift;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Drift;

/// <summary>A comparison of the outside with the registry. It only reads, so it runs beside everything but another one.</summary>
public sealed class ScanDriftPlan(TenantStore tenants) : ICommandPlan<ScanDrift, ScanDrift>
{
    /// <summary>The most tenants of a scan that names them. The directory is asked for each.</summary>
    public const int MostTenants = 100;

    public static string Kind => DriftStore.ScanKind;

    public static string Queue => Endpoints.DriftScans;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [ScanDriftWorkflow.Definition];

    public string AuditAction => AuditActions.DriftScan;

    public async ValueTask<Checked<ScanDrift>> CheckAsync(ScanDrift command, CancellationToken cancellationToken)
    {
        if (command is { IncludeRecent: not null, Tenants: null })
            return new(null, [new("/includeRecent", "is only for a scan of some tenants: name them in tenants, or leave it out")]);
        if (command.Tenants is not { } ids)
            return command.All == true ? new(command, []) : new(null, [new("/all", "must be true to scan everything; otherwise name the tenants in tenants")]);
        if (command.All is not null)
            return new(null, [new("/all", "cannot be together with tenants: leave one of them out")]);
        if (ids.Count is 0 or > MostTenants)
            return new(null, [new("/tenants", $"must be 1 to {MostTenants} ids of tenants; to scan more, send all: true instead")]);
        var errors = new List<FieldError>();
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids.Take(i).Contains(ids[i]))
                errors.Add(new($"/tenants/{i}", "is there twice"));
            else if (await tenants.FindAsync(ids[i], cancellationToken) is null)
                errors.Add(new($"/tenants/{i}", "must be the id of a tenant; no tenant has this one"));
        }

        return new(errors.Count == 0 ? command : null, errors);
    }

    public CommandSubject Subject(ScanDrift input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(ScanDrift input, BegunOperation operation) => [OperationScopes.Drift];

    public WorkflowDefinition Plan(ScanDrift input, Tenant? tenant) => ScanDriftWorkflow.Definition;

    public IReadOnlyList<string> Words(ScanDrift input, Tenant? tenant) =>
    [
        $"What {(input.Tenants is { } some ? $"{some.Count} tenants have" : "all tenants have")} on database servers, in the directory, the object store and the cache, and the files of backups, are compared with the registry.",
        "Nothing is changed outside. GET /api/v1/drift lists what differs.",
    ];

    public object AuditDetail(ScanDrift input) => new { tenants = input.Tenants, all = input.All, includeRecent = input.IncludeRecent };
}
