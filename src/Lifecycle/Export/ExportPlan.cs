using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Audit;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Export;

/// <summary>An export of a tenant's data, or of one user's, in every tier.</summary>
public sealed class ExportPlan : ICommandPlan<ExportTenant, ValidExport>
{
    private const int MaxUserLength = 255;
    private static readonly string Rule = $"must be one or more of {string.Join(", ", DataTypes.All)}";

    public static string Kind => ExportWorkflow.Kind;

    public static string Queue => Endpoints.Exports;

    public static CommandScheduling? Scheduling { get; } = new();

    public static bool ForMany => true;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [ExportWorkflow.Definition];

    public string AuditAction => AuditActions.TenantExport;

    public ValueTask<Checked<ValidExport>> CheckAsync(ExportTenant command, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (command.TenantId == default)
            errors.Add(new("/tenantId", "is required: the tenant's id"));
        // A message may leave it out.
        var types = command.DataTypes ?? [];
        if (types.Count == 0)
            errors.Add(new("/dataTypes", Rule));
        for (var i = 0; i < types.Count; i++)
        {
            if (!DataTypes.All.Contains(types[i], StringComparer.Ordinal))
                errors.Add(new($"/dataTypes/{i}", Rule));
            else if (types[i] == DataTypes.Settings && command.UserId is not null)
                errors.Add(new($"/dataTypes/{i}", "are the tenant's, not one user's: leave settings or userId out"));
        }

        if (command.Format is not (null or "json" or "csv"))
            errors.Add(new("/format", "must be json or csv"));
        if (command.UserId is { } user && (user.Length is 0 or > MaxUserLength || user.Any(c => c is <= ' ' or > '~')))
            errors.Add(new("/userId", "must be the user's id in the directory: 1 to 255 visible ASCII characters"));
        return ValueTask.FromResult<Checked<ValidExport>>(new(
            errors.Count > 0 ? null : new(command.TenantId, [.. DataTypes.All.Where(t => types.Contains(t, StringComparer.Ordinal))], command.Format ?? "json", command.UserId), errors));
    }

    public CommandSubject Subject(ValidExport input) => new CommandSubject.ExistingTenant(input.TenantId);

    // Rows are read as the tenant itself, and a closed tenant's rows are shown to nobody.
    public OperationRejected? Guard(ValidExport input, Tenant tenant) =>
        Unsupported(input) ?? TenantGuard.RequireStatus(tenant, TenantStatus.Active) ?? TenantGuard.RequireOpen(tenant);

    public WorkflowDefinition Plan(ValidExport input, Tenant? tenant) => ExportWorkflow.Definition;

    public IReadOnlyList<string> Words(ValidExport input, Tenant? tenant) =>
    [
        $"{(input.UserId is { } user ? $"What belongs to the user '{user}' in" : "All of")} {string.Join(", ", input.DataTypes)} is written to one zip file as {input.Format}, with a note on the schema and checksums.",
        "The tenant works on. The file can be downloaded for Saga:Exports:KeepHours of the workers, and is then removed.",
    ];

    public object AuditDetail(ValidExport input) => new { dataTypes = input.DataTypes, format = input.Format, userId = input.UserId };

    private static OperationRejected? Unsupported(ValidExport input) => !input.DataTypes.Contains(DataTypes.Usage, StringComparer.Ordinal) ? null : new()
    {
        Code = RejectionCodes.NotSupported,
        Detail = "This version does not count usage, so it cannot export it. Leave usage out of dataTypes.",
        Errors = [new("/dataTypes", "must not have usage")],
    };
}
