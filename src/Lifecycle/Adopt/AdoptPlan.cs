using System.Globalization;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Domains;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Provision;
using Saga.Registry.Audit;
using Saga.Registry.Domains;
using Saga.Registry.Operations;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Adopt;

/// <summary>
/// Adoption: an existing database or schema of the product becomes a tenant, or the rows of a product without tenants do. What is in it is looked at by
/// the second step, before anything is written there.
/// </summary>
public sealed class AdoptPlan(PlanStore plans, TenantNameStore names, TenantStore tenants, ServerRoomStore room, PlacementStore placements, ReservedNames reserved) : ICommandPlan<AdoptTenant, ValidAdoption>
{
    public static string Kind => AdoptWorkflow.Kind;

    public static string Queue => Endpoints.Adoptions;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = 
        [AdoptWorkflow.Definition, AdoptWorkflow.WithUsers, AdoptWorkflow.Copied, AdoptWorkflow.CopiedWithUsers];

    public string AuditAction => AuditActions.TenantAdopt;

    public async ValueTask<Checked<ValidAdoption>> CheckAsync(AdoptTenant command, CancellationToken cancellationToken)
    {
        var plan = ProvisionValidation.IsPlanName(command.Plan) ? await plans.FindAsync(command.Plan, cancellationToken) : null;
        return new(AdoptValidation.Validate(command, plan, reserved, await room.ListAsync(cancellationToken), out var errors), errors);
    }

    public CommandSubject Subject(ValidAdoption input) => new CommandSubject.NewTenant(input.Tenant.Slug, input.Id);

    /// <summary>Two adoptions in one database would each see, and put back, what the other one changed.</summary>
    public IReadOnlyCollection<string> Scopes(ValidAdoption input, BegunOperation operation) =>
        [OperationScopes.Database(input.Place.Server, input.Place.Database), OperationScopes.Tenant(operation.Tenant)];

    public WorkflowDefinition Plan(ValidAdoption input, Tenant? tenant) => (input.IsCopy, input.Users) switch
    {
        (false, null) => AdoptWorkflow.Definition,
        (false, _) => AdoptWorkflow.WithUsers,
        (true, null) => AdoptWorkflow.Copied,
        (true, _) => AdoptWorkflow.CopiedWithUsers,
    };

    public IReadOnlyList<string> Words(ValidAdoption input, Tenant? tenant) => AdoptWords.Of(input);

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidAdoption input, BegunOperation operation) =>
    [
        TenantAdmission.AdoptCommand(operation.Tenant, input.Tenant.ToNewTenant(), input.Place, operation.At),
        TenantAdmission.Command(input.Tenant.Name, input.Tenant.Slug, input.Tenant.Region),
        input.Tenant.ToNewTenant().InsertAdoptedCommand(operation.Tenant, operation.At),
        TenantNameStore.RequireFreeCommand(input.Tenant.Slug, input.Tenant.Subdomain, input.Tenant.Domain),
        .. input.Tenant.Domain is { } domain ? [TenantDomainStore.ClaimCommand(operation.Tenant, domain, DomainProof.NewToken())] : Array.Empty<NpgsqlBatchCommand>(),
    ];

    public object AuditDetail(ValidAdoption input) => new
    {
        slug = input.Tenant.Slug, plan = input.Tenant.Plan.Name, tier = input.Tenant.Tier, server = input.Place.Server, database = input.Place.Database, schema = input.Place.Schema,
        users = input.Users is { } users ? users.EmailDomain ?? string.Create(CultureInfo.InvariantCulture, $"{users.Emails!.Count} listed") : null,
    };

    public async Task<OperationRejected?> FindConflictAsync(ValidAdoption input, CancellationToken cancellationToken)
    {
        var tenant = input.Tenant;
        if (input.Id is { } id && await tenants.FindAsync(id, cancellationToken) is { } existing && AdoptConflicts.Of(existing) is { } known)
            return known;
        if (TakenNames.Rejection(tenant, await names.FindTakenAsync(tenant.Slug, tenant.Domain, tenant.Subdomain, cancellationToken)) is { } taken)
            return taken;
        if (await names.IsHeldAsync(tenant.Name, tenant.Slug, cancellationToken))
            return TakenNames.Held(tenant.Name, tenant.Slug);
        return AdoptConflicts.Of(input, await placements.NeighboursAsync(input.Place.Server, input.Place.Database, input.Id ?? default, cancellationToken))
            ?? (input.IsCopy ? null : AdoptConflicts.Of((await room.ListAsync(cancellationToken)).FirstOrDefault(s => s.Name == input.Place.Server)))
            ?? Room.Rejection(tenant.Region, replica: false, await room.FindAsync(tenant.Region, cancellationToken));
    }
}
