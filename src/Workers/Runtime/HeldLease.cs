using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>A lease that this process holds and renews until it is disposed.</summary>
internal sealed class HeldLease(StepLease lease, long renewedAt, LeaseKeeper keeper) : IDisposable
{
    private readonly CancellationTokenSource lost = new();

    public StepLease Lease { get; } = lease;

    /// <summary>The time provider's timestamp from before the last renewal.</summary>
    public long RenewedAt { get; set; } = renewedAt;

    /// <summary>Cancelled when the lease is another's, or may be.</summary>
    public CancellationToken Lost => lost.Token;

    public void Lose()
    {
        try
        {
            lost.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work ended at the same moment.
        }
    }

    public void Dispose()
    {
        keeper.Release(Lease);
        lost.Dispose();
    }
}

internal enum LeaseAnswer
{
    Taken,

    /// <summary>The dispatch is no longer the newest, or has its result: do nothing, report nothing.</summary>
    Stale,

    /// <summary>Another worker holds it, and lives.</summary>
    Busy,
}

/// <param name="Outcome">What the registry said.</param>
/// <param name="Remaining">For busy: when the holder's lease ends, unless renewed.</param>
internal sealed record LeaseReply(LeaseAnswer Outcome, TimeSpan Remaining);

internal sealed record LeaseOutcome(LeaseReply Reply, HeldLease? Held, Tenant? Tenant);
