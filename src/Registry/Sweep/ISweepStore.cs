namespace Saga.Registry.Sweep;

/// <summary>Finds operations that must be woken. Thread-safe.</summary>
public interface ISweepStore
{
    /// <summary>
    /// Takes operations whose due time is over, those due longest first, and those with a step whose worker may be lost or whose
    /// attempt's time is over. Puts each off, so that no other sweeper takes it and a wake that is lost is made again. Rows that are
    /// locked are left out. One that gave its slot back is not taken: it queues for another one, ahead of those that never had any.
    /// </summary>
    /// <param name="limit">How many of each at most.</param>
    /// <param name="putOff">How long until they are due again.</param>
    /// <param name="cancellationToken">Cancels the take; whether it took place is then unknown.</param>
    Task<DueOperations> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken);

    /// <summary>All operations that are neither ended nor stalled, and do not wait for a slot.</summary>
    Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken);
}

/// <summary>What a sweeper found.</summary>
/// <param name="Taken">To be woken.</param>
/// <param name="Queued">How many now wait for a slot.</param>
public sealed record DueOperations(IReadOnlyList<SweptOperation> Taken, int Queued)
{
    public int Count => Taken.Count + Queued;
}

/// <summary>An operation to be woken.</summary>
/// <param name="Id">Its id.</param>
/// <param name="TraceParent">The trace in which it was accepted; null when nobody traced.</param>
public sealed record SweptOperation(Guid Id, string? TraceParent);
