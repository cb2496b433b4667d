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
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Adoption;

/// <summary>
/// Gives a database or schema that exists to roles of the tenant. What it is going to change is recorded before, so that the compensation puts back
/// exactly that.
/// </summary>
internal sealed class TakePlaceStep(
    DatabaseServers servers, PlaceInspection inspection, PlaceHandover handover, PlanStore plans, CredentialStore credentials, LeasedTransactions leases, TenantConnections connections) : IStep
{
    public string Name => StepNames.TakePlace;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var place = TenantSchema.Of(DatabaseStep.PlacementOf(context.Tenant));
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken)
            ?? throw StepFailureException.Permanent("plan-unknown", $"Plan '{context.Tenant.Plan}' is not known.", "Restore the plan in the registry, then replay the operation.");
        // Once it is recorded, the place may look as this step left it.
        if (await FindAsync(context, place, cancellationToken) is null)
            await RecordAsync(context, place, cancellationToken);

        // Stored before it is set on the server, so that after a killed attempt the next one uses the same password.
        Credential credential;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            credential = await credentials.SaveAsync(
                transaction, KeyOf(context.TenantId, place.Placement), place.Login, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await handover.TakeAsync(context, place, credential, plan.Limits.DatabaseConnections, cancellationToken);
        return new { place.Server, place.Database, place.Schema, Role = credential.Username };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await connections.CloseAsync(context.TenantId);
        if (context.Tenant.Placed is not { } placement)
            return;
        var place = TenantSchema.Of(placement);
        // Without a record nothing was changed.
        if (await FindAsync(context, place, cancellationToken) is { } found)
            await handover.GiveBackAsync(context, place, found, cancellationToken);

        // Last, so that neither is deleted while the login, or a change, may still exist.
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await CredentialStore.DeleteAsync(transaction, KeyOf(context.TenantId, placement), cancellationToken);
        await AdoptionRows.DeleteAsync(transaction, placement.Id, cancellationToken);
        await PlacementStore.SetSchemaVersionAsync(transaction, context.TenantId, placement.Id, null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task RecordAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        Registry.Placements.Adoption found;
        await using (var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken))
        {
            found = new(await inspection.VersionAsync(session, place, cancellationToken), await PlaceSnapshot.ReadAsync(session, place, context.TenantId, cancellationToken));
        }

        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        found = await AdoptionRows.KeepAsync(transaction, place.Placement.Id, context.TenantId, context.OperationId, found, cancellationToken);
        await PlacementStore.SetSchemaVersionAsync(transaction, context.TenantId, place.Placement.Id, found.FoundVersion, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<Registry.Placements.Adoption?> FindAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await AdoptionRows.FindAsync(transaction, place.Placement.Id, cancellationToken);
    }

    private static CredentialKey KeyOf(TenantId tenant, TenantPlacement placement) => CredentialKey.Of(tenant, placement.Id, CredentialPurposes.Database);
}
