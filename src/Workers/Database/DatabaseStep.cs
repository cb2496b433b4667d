using System.Security.Cryptography;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database;

/// <summary>Makes the place of the tenant's rows, and a login of its own.</summary>
internal sealed class DatabaseStep(
    IEnumerable<ITier> tiers, PlanStore plans, CredentialStore credentials, LeasedTransactions leases, TenantConnections connections) : IStep
{
    public string Name => StepNames.Database;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(PlacementOf(context.Tenant));
        var plan = await plans.FindAsync(context.Tenant.Plan, cancellationToken)
            ?? throw StepFailureException.Permanent("plan-unknown", $"Plan '{context.Tenant.Plan}' is not known.", "Restore the plan in the registry, and replay the operation.");

        // Before the server hears of it: an attempt that is killed leaves its password to the next one.
        Credential credential;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            credential = await credentials.SaveAsync(
                transaction, context.TenantId, CredentialPurposes.Database, place.Login,
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await TierOf(context).MakeAsync(context, place, credential, plan.Limits.DatabaseConnections, cancellationToken);
        return new { place.Server, place.Database, place.Schema, Role = credential.Username };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await connections.CloseAsync(context.TenantId);
        // Without a placement nothing was ever made.
        if (context.Tenant.Placed is { } placement)
            await TierOf(context).UnmakeAsync(context, TenantSchema.Of(placement), cancellationToken);

        // Last: while the login may exist, its password is not forgotten.
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await CredentialStore.DeleteAsync(transaction, context.TenantId, CredentialPurposes.Database, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    internal static TenantPlacement PlacementOf(Tenant tenant) =>
        tenant.Placed ?? throw StepFailureException.Permanent(
            "not-reserved", $"Tenant '{tenant.Slug}' has no placement.", $"Retry the operation from step '{StepNames.Reserve}'.");

    private ITier TierOf(StepContext context) => tiers.Single(t => t.Tier == context.Tenant.Tier);
}
