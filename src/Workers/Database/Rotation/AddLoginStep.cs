using System.Security.Cryptography;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Rotation;

/// <summary>
/// Makes the tenant's second login, with a new password, and tries it; for a tenant with a read replica also that one's. Runtimes do not see them
/// yet. Undone, they are dropped.
/// </summary>
internal sealed class AddLoginStep(PlaceLogins logins, LoginTrial trial, PlacementReplica replica, PlanStore plans, CredentialStore credentials, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.AddLogin;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var placement = DatabaseStep.PlacementOf(context.Tenant);
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown", $"The plan '{context.Tenant.Plan}' is not in the registry.", "Add the plan again, then send the command again.");
        var next = placement with { Login = CredentialNames.Other(placement.Login) };

        // Stored before it is set on the server, so that after a killed attempt the next one uses the same password.
        Credential credential;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            credential = await credentials.SaveAsync(
                transaction, NextOf(context, placement), next.Login, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await logins.AddAsync(context, TenantSchema.Of(next), credential, plan.Limits.DatabaseConnections, cancellationToken);
        await trial.RunAsync(context, next, credential, cancellationToken);
        await replica.CreateNextAsync(context, cancellationToken);
        return new { placement.Place.Server, Role = credential.Username };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { } placement)
            return;
        await replica.DropNextAsync(context, cancellationToken);
        CredentialRow? next;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
            next = await CredentialRows.FindAsync(transaction, NextOf(context, placement), cancellationToken);
        // Stored first and deleted last, so without it there is no login. The one in use is never dropped.
        if (next is null || next.Username == placement.Login)
            return;
        await logins.DropAsync(context, TenantSchema.Of(placement with { Login = next.Username }), cancellationToken);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await CredentialStore.DeleteAsync(transaction, NextOf(context, placement), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static CredentialKey NextOf(StepContext context, TenantPlacement placement) =>
        CredentialStore.NextOf(CredentialKey.Of(context.TenantId, placement.Id, CredentialPurposes.Database));
}
