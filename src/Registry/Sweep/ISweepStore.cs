namespace Saga.Registry.Sweep;

/// <summary>Finds operations that must be woken. Thread-safe.</summary>
public interface ISweepStore
{
    /// <summary>
    /// Takes operations that are due, longest overdue first, and operations with a step whose worker may be lost or whose attempt's time
    /// is over. Postpones each, so that no other sweeper takes it and a lost wake-up is repeated. Skips locked rows. An operation that
    /// gave its slot back is not taken: it queues for another one, ahead of those that never had a slot.
    /// </summary>
    /// <param name="limit">The most operations of each kind.</param>
    /// <param name="putOff">How long until they are due again.</param>
    /// <param name="cancellationToken">Cancels the take; whether it took place is then unknown.</param>
    Task<DueOperations> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken);

    /// <summary>All operations that have not ended, are not stalled, and wait neither for a slot nor for a scope.</summary>
    Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken);
}

/// <summary>The result of one sweep.</summary>
/// <param name="Taken">The operations to wake.</param>
/// <param name="Queued">How many now wait for a slot.</param>
public sealed record DueOperations(IReadOnlyList<SweptOperation> Taken, int Queued)
{
    public int Count => Taken.Count + Queued;
}

/// <summary>An operation to wake.</summary>
/// <param name="Id">Its id.</param>
/// <param name="TraceParent">The trace in which it was accepted; null when tracing was off.</param>
public sealed record SweptOperation(Guid Id, string? TraceParent);
