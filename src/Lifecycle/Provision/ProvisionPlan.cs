using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Domains;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Lifecycle.Names;
using Saga.Registry.Audit;
using Saga.Registry.Domains;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Provision;

/// <summary>Provisioning: creates a tenant.</summary>
public sealed class ProvisionPlan(PlanStore plans, TenantNameStore names, ServerRoomStore room, ReservedNames reserved) : ICommandPlan<ProvisionTenant, ValidProvision>
{
    public static string Kind => ProvisionWorkflow.Kind;

    public static string Queue => Endpoints.Commands;

    public static CommandScheduling? Scheduling { get; } = new();

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [ProvisionWorkflow.Definition, ProvisionWorkflow.WithReplica];

    public string AuditAction => AuditActions.TenantProvision;

    public async ValueTask<Checked<ValidProvision>> CheckAsync(ProvisionTenant command, CancellationToken cancellationToken)
    {
        var plan = ProvisionValidation.IsPlanName(command.Plan) ? await plans.FindAsync(command.Plan, cancellationToken) : null;
        return new(ProvisionValidation.Validate(command, plan, reserved, out var errors), errors);
    }

    public CommandSubject Subject(ValidProvision input) => new CommandSubject.NewTenant(input.Slug);

    public WorkflowDefinition Plan(ValidProvision input, Tenant? tenant) => input.ReadReplica ? ProvisionWorkflow.WithReplica : ProvisionWorkflow.Definition;

    public IReadOnlyList<string> Words(ValidProvision input, Tenant? tenant) => ProvisionWords.Of(input);

    public IEnumerable<NpgsqlBatchCommand> Effects(ValidProvision input, BegunOperation operation) =>
    [
        TenantAdmission.Command(input.Name, input.Slug, input.Region),
        .. input.ReadReplica ? [TenantAdmission.ReplicaCommand(input.Region)] : Array.Empty<NpgsqlBatchCommand>(),
        input.ToNewTenant().InsertCommand(operation.Tenant, operation.At),
        TenantNameStore.RequireFreeCommand(input.Slug, input.Subdomain, input.Domain),
        .. input.Domain is { } domain ? [TenantDomainStore.ClaimCommand(operation.Tenant, domain, DomainProof.NewToken())] : Array.Empty<NpgsqlBatchCommand>(),
    ];

    public object AuditDetail(ValidProvision input) => new { slug = input.Slug, plan = input.Plan.Name, tier = input.Tier };

    public async Task<OperationRejected?> FindConflictAsync(ValidProvision input, CancellationToken cancellationToken)
    {
        if (TakenNames.Rejection(input, await names.FindTakenAsync(input.Slug, input.Domain, input.Subdomain, cancellationToken)) is { } taken)
            return taken;
        return await names.IsHeldAsync(input.Name, input.Slug, cancellationToken)
            ? TakenNames.Held(input.Name, input.Slug)
            : Room.Rejection(input.Region, input.ReadReplica, await room.FindAsync(input.Region, cancellationToken));
    }
}
