using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Domains;
using Saga.Registry.Scopes;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.DomainLinking;

/// <summary>Brings a tenant's organisation in line with the tenant's domains.</summary>
public sealed class LinkDomainsPlan(TenantDomainStore domains) : ICommandPlan<LinkDomains, ValidLinkDomains>
{
    public static string Kind => LinkDomainsWorkflow.Kind;

    public static string Queue => Endpoints.Domains;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [LinkDomainsWorkflow.Definition];

    public string AuditAction => AuditActions.DomainLink;

    public async ValueTask<Checked<ValidLinkDomains>> CheckAsync(LinkDomains command, CancellationToken cancellationToken)
    {
        if (command.TenantId == default)
            return new(null, [new("/tenantId", "is required: the tenant's id")]);
        if (command.Remove is not { } text)
            return new(new(command.TenantId, null, false), []);
        return DomainName.Normalize(text) is not { } domain
            ? new(null, [new("/remove", $"must be {DomainName.Rule}")])
            : new(new(command.TenantId, domain, await domains.FindAsync(command.TenantId, domain, cancellationToken) is not null), []);
    }

    public CommandSubject Subject(ValidLinkDomains input) => new CommandSubject.ExistingTenant(input.Tenant);

    public OperationRejected? Guard(ValidLinkDomains input, Tenant tenant)
    {
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Active) is { } status)
            return status;
        if (tenant.Holds.FirstOrDefault(h => h.Code == HoldCode.Deletion) is { } hold)
            return new() { Code = RejectionCodes.TenantState, Detail = $"Tenant '{tenant.Slug}' is being deleted, and its domains with it. The deletion was ordered by {hold.Actor}: {hold.Reason}" };
        return input is { Remove: { } domain, IsThere: false } ? new()
        {
            Code = RejectionCodes.DomainNotFound,
            Detail = $"Tenant '{tenant.Slug}' has no domain '{domain}'. GET /api/v1/tenants/{tenant.Slug}/domains lists them.",
        } : null;
    }

    public ScopeWait? Wait(ValidLinkDomains input) => new();

    public WorkflowDefinition Plan(ValidLinkDomains input, Tenant? tenant) => LinkDomainsWorkflow.Definition;

    public IReadOnlyList<string> Words(ValidLinkDomains input, Tenant? tenant) =>
    [
        .. input.Remove is { } domain ? (string[])[$"The domain '{domain}' is removed from the tenant as soon as the command is accepted."] : [],
        .. input.Remove is { } main && main == tenant!.Domain ? (string[])["It is the tenant's main domain, which it then does not have any more."] : [],
        "Then the tenant's organisation has the domains that are proved for the tenant, and no others.",
    ];

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidLinkDomains input, BegunOperation operation) =>
        input.Remove is { } domain ? [TenantDomainStore.RemoveCommand(input.Tenant, domain, operation.Caller)] : [];

    public object AuditDetail(ValidLinkDomains input) => new { remove = input.Remove };
}
