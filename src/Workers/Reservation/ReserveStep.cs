using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Reservation;

/// <summary>
/// Checks the plan and chooses where the tenant's data will live. Names are already reserved, because the tenant's row exists from
/// the moment the command was accepted.
/// </summary>
internal sealed class ReserveStep(PlanStore plans, DatabaseServers servers, PlacementStore placements, LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.Reserve;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant;
        await CheckAsync(tenant, cancellationToken);
        var result = await placements.ReserveAsync(context.Lease, tenant.Id, tenant.Tier, tenant.Region, Suitable(tenant), cancellationToken);
        if (result.Placement?.Place is not { } place)
            throw NoPlace(result, tenant);
        return new { place.Server, place.Database, place.Schema, tenant.Tier };
    }

    /// <summary>Checks what a tenant must be before it gets a place.</summary>
    public async Task CheckAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(tenant.Plan, tenant.PlanVersion, cancellationToken)
            ?? throw StepFailureException.Permanent("plan-unknown", $"Plan '{tenant.Plan}' is not known.", "Choose a plan listed by GET /api/v1/plans.");
        if (!plan.Tiers.Contains(tenant.Tier))
        {
            throw StepFailureException.Permanent(
                "tier-not-allowed", $"Plan '{plan.Name}' does not allow isolation '{Lower(tenant.Tier)}'.",
                $"Choose one of: {string.Join(", ", plan.Tiers.Select(Lower))}.");
        }

        if (tenant.Status != TenantStatus.Provisioning)
        {
            throw StepFailureException.Permanent(
                "tenant-not-provisioning", $"Tenant '{tenant.Slug}' is {tenant.Status.ToString().ToLowerInvariant()}: another tenant may have taken its names by now.",
                "Submit a new command for the tenant.");
        }
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Status == TenantStatus.Active)
        {
            throw StepFailureException.Permanent(
                "tenant-status", $"Tenant '{context.Tenant.Slug}' is {context.Tenant.Status.ToString().ToLowerInvariant()}: it cannot be undone, only deprovisioned.");
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await TenantSealer.DestroyAsync(transaction, context.TenantId, cancellationToken);
        // Frees slug, domain and subdomain.
        if (await TenantRows.FailAsync(transaction, context.TenantId, cancellationToken))
            await AuditLog.WriteAsync(transaction, AuditActions.TenantUndo, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(PlacementStore.ReleaseCommands(context.TenantId), cancellationToken);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
    }

    private IReadOnlyCollection<string> Suitable(Tenant tenant) => tenant.ReadReplica ? [.. servers.Names.Where(s => servers.ReplicasOf(s).Count > 0)] : servers.Names;

    private static StepFailureException NoPlace(PlacementResult result, Tenant tenant)
    {
        var where = (tenant.Region is { } region ? $" in region '{region}'" : "") + (tenant.ReadReplica ? " with a read replica" : "");
        return result.Servers.Count == 0
            ? StepFailureException.Permanent(
                "no-server", $"No database server{where} accepts tenants.",
                "Configure one under Saga:Databases:Servers, or choose another region.")
            : StepFailureException.Permanent(
                "server-full",
                $"Every database server{where} is full: {string.Join(", ", result.Servers.Select(s => $"'{s.Name}' holds {s.Used} of {s.Maximum} tenants"))}.",
                "Raise Saga:Databases:Servers:<name>:MaxTenants or add a server, then submit the command again.");
    }

    private static string Lower(IsolationTier tier) => tier.ToString().ToLowerInvariant();
}
