using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Rotation;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Database.Restored;

/// <summary>
/// Requires that the new place has the restored rows, and that the tenant's new login can use them. Remembers what is there, so that a revert
/// can tell whether anything was written since.
/// </summary>
internal sealed class CheckReplacementStep(RestoredPlaces places, RowComparison comparison, LoginTrial trial, CredentialStore credentials, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.CheckReplacement;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove, StepNames.VerifyRestored];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (restored, to) = await places.FindAsync(context, cancellationToken);
        var compared = await comparison.RunAsync(context, restored, to, cancellationToken);
        if (compared.Difference is { } difference)
        {
            throw StepFailureException.Permanent(
                "rows-differ", $"The copy is not what was restored. {difference}", "Find out who writes to one of the places, then send the command again.");
        }

        Credential credential;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            // The one that the login was created with.
            credential = await credentials.SaveAsync(
                transaction, CredentialKey.Of(context.TenantId, to.Id, CredentialPurposes.Database), to.Login, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), cancellationToken);
            await PlacementStore.RememberRowsAsync(transaction, to.Id, JsonSerializer.Serialize(compared.Target, Json.Options), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await trial.RunAsync(context, to, credential, cancellationToken);
        return new { compared.Tables, compared.Rows };
    }

    /// <summary>What was remembered goes with the placement.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
