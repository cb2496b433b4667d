using System.Globalization;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Upgrades;

/// <summary>
/// Keeps shared tables in their version from a step on until its operation ends: what copies rows into them, or out of them, needs the same tables
/// at its end as at its beginning. Thread-safe.
/// </summary>
internal sealed class PlaceUse(LeasedTransactions leases)
{
    /// <summary>How long a step is deferred before it looks again.</summary>
    public static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    /// <param name="context">The step's context.</param>
    /// <param name="cancellationToken">Ends the step.</param>
    /// <param name="placements">The places. Those that are the tenant's own have its scope, and need nothing.</param>
    /// <exception cref="StepFailureException">One of them is being upgraded: <c>place-upgrading</c>. The step waits, and loses no attempt.</exception>
    public async Task BeginAsync(StepContext context, CancellationToken cancellationToken, params IEnumerable<TenantPlacement> placements)
    {
        var shared = placements.Where(p => p.Tier == IsolationTier.Row).Select(p => p.Place).Distinct().ToList();
        if (shared.Count == 0)
            return;
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await PlaceUses.BeginAsync(transaction, shared, context.OperationId, cancellationToken) is { } upgrade)
        {
            throw Waits(
                "place-upgrading", $"The tables that tenants share on server '{string.Join("' or '", shared.Select(p => p.Server))}' are being upgraded by operation {upgrade}.",
                "Nothing: the step continues when the upgrade has ended. If it lasts, look at that operation.");
        }

        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>This worker lacks the product's files of the version: the step waits for another one.</summary>
    internal static StepFailureException ProductOlder(int newest, int wanted) => Waits(
        "product-older", string.Create(CultureInfo.InvariantCulture, $"This worker has the product's files up to version {newest}, and version {wanted} is wanted."),
        "Give every worker the product's new files: another one may have taken the step that has them.");

    /// <summary>A failure that defers the step, as an overload does.</summary>
    internal static StepFailureException Waits(string code, string message, string remedy) =>
        new(new Failure { Code = code, Message = message, Remedy = remedy, Kind = FailureKind.Overload }) { RetryAfter = Again };
}
