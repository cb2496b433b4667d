using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Domains;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Registry.Audit;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Update;

/// <summary>Updates what is known of a tenant.</summary>
public sealed class UpdatePlan(PlanStore plans, TenantStore tenants, TenantNameStore names, ServerRoomStore servers, ReservedNames reserved)
    : ICommandPlan<UpdateTenant, ValidUpdate>
{
    public static string Kind => UpdateWorkflow.Kind;

    public static string Queue => Endpoints.Updates;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [UpdateWorkflow.WithDirectory, UpdateWorkflow.InRegistry, .. UpdateWorkflow.WithReplica];

    public string AuditAction => AuditActions.TenantUpdate;

    public async ValueTask<Checked<ValidUpdate>> CheckAsync(UpdateTenant command, CancellationToken cancellationToken)
    {
        if (command.TenantId == default)
            return new(null, [new("/tenantId", "is required: the tenant's id")]);
        if (command.Changes is not { } changes)
            return new(null, [new("/changes", "is required: a JSON merge patch of the tenant")]);
        var input = new ValidUpdate { Tenant = command.TenantId, Version = command.Version };
        // What the sender has not seen is not worth checking: the guard refuses it.
        if (await tenants.FindAsync(command.TenantId, cancellationToken) is not { } tenant || tenant.Version != command.Version)
            return new(input, []);
        var change = UpdateValidation.Validate(changes, tenant, await plans.FindAsync(tenant.Plan, tenant.PlanVersion, cancellationToken), reserved, out var errors);
        return change is null ? new(null, errors) : new(input with { Change = change, Found = tenant, Servers = await servers.ListAsync(cancellationToken) }, []);
    }

    public CommandSubject Subject(ValidUpdate input) => new CommandSubject.ExistingTenant(input.Tenant);

    public OperationRejected? Guard(ValidUpdate input, Tenant tenant) => UpdateGuard.Check(input, tenant);

    public WorkflowDefinition Plan(ValidUpdate input, Tenant? tenant) => UpdateWorkflow.Of(input.Change!);

    public IReadOnlyList<string> Words(ValidUpdate input, Tenant? tenant) => input.Change is { } change ? UpdateWords.Of(change) : [];

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidUpdate input, BegunOperation operation) =>
    [
        .. TenantChangeRows.BeginCommands(input.Tenant, operation.Id, input.Change!, DomainProof.NewToken(), operation.At),
        TenantNameStore.RequireFreeCommand(null, input.Change!.NewText(TenantField.Subdomain), input.Change!.NewText(TenantField.Domain), input.Tenant),
    ];

    public object AuditDetail(ValidUpdate input) => new { fields = input.Change!.Fields };

    public async Task<OperationRejected?> FindConflictAsync(ValidUpdate input, CancellationToken cancellationToken)
    {
        var (change, tenant) = (input.Change!, input.Found!);
        var (domain, subdomain) = (change.NewText(TenantField.Domain), change.NewText(TenantField.Subdomain));
        var (_, domainTaken, subdomainTaken) = await names.FindTakenAsync(input.Tenant, null, domain, subdomain, cancellationToken);
        var errors = new List<FieldError>();
        if (domainTaken)
            errors.Add(new("/domain", $"'{domain}' is taken by another tenant"));
        if (subdomainTaken)
            errors.Add(new("/subdomain", $"'{subdomain}' is taken by another tenant; choose another"));
        if (errors.Count > 0)
        {
            return new()
            {
                Code = domainTaken ? RejectionCodes.DomainTaken : RejectionCodes.SubdomainTaken,
                Detail = string.Join("; ", errors.Select(e => $"{e.Pointer[1..]} {e.Detail}")) + ".",
                Errors = errors,
            };
        }

        return change.NewText(TenantField.Name) is { } name && await names.IsHeldAsync(name, tenant.Slug, cancellationToken, tenant.Id)
            ? Provision.TakenNames.Held(name, tenant.Slug)
            : null;
    }
}
