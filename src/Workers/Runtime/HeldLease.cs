using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>A lease that this process holds and renews until it is disposed.</summary>
/// <param name="lease">What is held.</param>
/// <param name="left">How long it may be relied on without renewal.</param>
/// <param name="keeper">Renews it.</param>
/// <param name="time">The clock.</param>
internal sealed class HeldLease(StepLease lease, TimeSpan left, LeaseManager keeper, TimeProvider time) : IDisposable
{
    // It ends by a timer of its own: a registry that hangs in the midst of a renewal must not keep work going.
    private readonly CancellationTokenSource lost = new(Positive(left), time);

    public StepLease Lease { get; } = lease;

    /// <summary>Cancelled when the lease is another's, or may be.</summary>
    public CancellationToken Lost => lost.Token;

    public void Renewed(TimeSpan left)
    {
        try
        {
            lost.CancelAfter(Positive(left));
        }
        catch (ObjectDisposedException)
        {
            // The work ended at the same moment.
        }
    }

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

    private static TimeSpan Positive(TimeSpan left) => left > TimeSpan.Zero ? left : TimeSpan.Zero;
}

internal sealed record LeaseOutcome(LeaseReply Reply, HeldLease? Held, Tenant? Tenant);
