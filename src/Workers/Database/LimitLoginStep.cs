using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database;

/// <summary>Gives the tenant's logins the connection limit of the tenant's new plan. The compensation restores the former plan's.</summary>
internal sealed class LimitLoginStep(FencedSessions fenced, PlanStore plans, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.LimitLogin;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        await FindAsync(context, cancellationToken) is { } change ? new { Connections = await LimitAsync(context, change.ToPlan, change.ToVersion, cancellationToken) } : null;

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (await FindAsync(context, cancellationToken) is { } change)
            await LimitAsync(context, change.FromPlan, change.FromVersion, cancellationToken);
    }

    private async Task<PlanChange?> FindAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await PlanChangeRows.FindAsync(transaction, context.OperationId, cancellationToken);
    }

    private async Task<int> LimitAsync(StepContext context, string name, int version, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(name, version, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown", $"The plan '{name}' is not in the registry.", "Add the plan again, then replay the step.");
        var placement = DatabaseStep.PlacementOf(context.Tenant);
        await using var session = await fenced.OpenAsync(context, placement.Place.Server, DatabaseServers.Maintenance, cancellationToken);
        await TenantRoles.LimitAsync(session, placement.Login, plan.Limits.DatabaseConnections, cancellationToken);
        await PlacementReplica.LimitAsync(session, placement, plan.Limits.DatabaseConnections, cancellationToken);
        return plan.Limits.DatabaseConnections;
    }
}
