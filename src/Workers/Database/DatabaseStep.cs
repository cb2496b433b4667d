using System.Security.Cryptography;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database;

/// <summary>Creates the place for the tenant's rows, and the tenant's own login.</summary>
internal sealed class DatabaseStep(
    IEnumerable<ITier> tiers, PlanStore plans, CredentialStore credentials, LeasedTransactions leases, TenantConnections connections,
    ProductRelease release) : IStep
{
    public string Name => StepNames.Database;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => ExecuteAsync(context, null, cancellationToken);

    /// <param name="context">The step's context.</param>
    /// <param name="version">The version of the product's tables, if the place begins with tables; the newest when null.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    public async Task<object?> ExecuteAsync(StepContext context, int? version, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(PlacementOf(context.Tenant));
        await release.EnsureAsync(place.Server, cancellationToken);
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken)
            ?? throw StepFailureException.Permanent("plan-unknown", $"Plan '{context.Tenant.Plan}' is not known.", "Restore the plan in the registry, then replay the operation.");

        // Stored before it is set on the server, so that after a killed attempt the next one uses the same password.
        Credential credential;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            credential = await credentials.SaveAsync(
                transaction, KeyOf(context.TenantId, place.Placement), place.Login,
                Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await TierOf(context).CreateAsync(context, place, credential, plan.Limits.DatabaseConnections, version, cancellationToken);
        return new { place.Server, place.Database, place.Schema, Role = credential.Username };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await connections.CloseAsync(context.TenantId);
        // Without a placement nothing was ever created.
        if (context.Tenant.Placed is not { } placement)
            return;
        await TierOf(context).DropAsync(context, TenantSchema.Of(placement), cancellationToken);

        // Last, so that the password is not deleted while the login may still exist.
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await CredentialStore.DeleteAsync(transaction, KeyOf(context.TenantId, placement), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    internal static TenantPlacement PlacementOf(Tenant tenant) =>
        tenant.Placed ?? throw StepFailureException.Permanent(
            "not-reserved", $"Tenant '{tenant.Slug}' has no placement.", $"Retry the operation from step '{StepNames.Reserve}'.");

    private static CredentialKey KeyOf(TenantId tenant, TenantPlacement placement) => CredentialKey.Of(tenant, placement.Id, CredentialPurposes.Database);

    private ITier TierOf(StepContext context) => tiers.Single(t => t.Tier == context.Tenant.Tier);
}
