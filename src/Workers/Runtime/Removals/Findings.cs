using System.Text.Json;
using Saga.Contracts;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Leases;

namespace Saga.Workers.Runtime.Removals;

/// <summary>What there was of a tenant before a step removed anything. It is stored first, because an attempt that dies has removed some of it.</summary>
internal static class Findings
{
    /// <param name="leases">Opens transactions under the step's lease.</param>
    /// <param name="context">The step.</param>
    /// <param name="look">Looks, for the first attempt that gets this far.</param>
    /// <param name="cancellationToken">Cancels the transactions.</param>
    public static async Task<T> KeepAsync<T>(LeasedTransactions leases, StepContext context, Func<Task<T>> look, CancellationToken cancellationToken)
        where T : class
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await RemovalFindings.FindAsync(transaction, context.Lease, cancellationToken) is { } kept)
                return JsonSerializer.Deserialize<T>(kept, Json.Options)!;
        }

        var found = await look();
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await RemovalFindings.KeepAsync(transaction, context.Lease, JsonSerializer.Serialize(found, Json.Options), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return found;
    }
}
