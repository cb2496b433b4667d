using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Reserves a placement beside the tenant's current one. It counts as used room at once, and so does the current one until it is removed.</summary>
internal sealed class ReserveMoveStep(PlanStore plans, PlacementStore placements, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.ReserveMove;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var command = context.Input<MigrateTenant>();
        // With another plan, a former step has given the tenant that one.
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown", $"Version {context.Tenant.PlanVersion} of plan '{context.Tenant.Plan}' is not in the registry.", "Add the plan again, then replay the step.");
        var current = DatabaseStep.PlacementOf(context.Tenant);
        var tier = command.Isolation switch
        {
            "row" => Contracts.Identifiers.IsolationTier.Row,
            "schema" => Contracts.Identifiers.IsolationTier.Schema,
            "database" => Contracts.Identifiers.IsolationTier.Database,
            // A restore names neither plan nor tier nor server, and changes none of them.
            _ => command is { TargetPlan: null, Server: null } || plan.Tiers.Contains(current.Tier) ? current.Tier : plan.DefaultTier,
        };
        var server = command.Server ?? current.Place.Server;
        // In shared tables, rows of two placements of one tenant could not be told apart.
        if (tier == Contracts.Identifiers.IsolationTier.Row && (await placements.KeptAsync(context.TenantId, cancellationToken)).FirstOrDefault(k => k.Placement.Tier == tier && k.Placement.Place.Server == server) is { } kept)
        {
            throw StepFailureException.Permanent(
                "copy-kept", $"A former copy of the rows of tenant '{context.Tenant.Slug}' is kept in the shared tables of server '{server}' until {kept.Until:u}.",
                "Send the command again when the copy is removed, or revert the move that left it.");
        }

        var beside = await placements.ReserveBesideAsync(context.Lease, context.TenantId, tier, server, cancellationToken) ?? throw StepFailureException.Permanent(
            "server-full", $"Database server '{server}' has no room for one more placement, or takes none.",
            "Raise Saga:Databases:Servers:<name>:MaxTenants or name another server, then send the command again.");
        return new MoveOutput { From = current.Id, Epoch = current.Epoch, To = beside.Id };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await transaction.CommitAsync(PlacementStore.ReleaseCommands(context.TenantId), cancellationToken);
    }
}
