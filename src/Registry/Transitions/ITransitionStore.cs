using System.Diagnostics.CodeAnalysis;

namespace Saga.Registry.Transitions;

/// <summary>
/// Where operations are loaded and their transitions are committed: the operation's row, its steps, its history, the
/// inbox and the outgoing messages, all in one transaction. Thread-safe.
/// </summary>
public interface ITransitionStore
{
    /// <summary>What one loop of commits keeps for itself, such as a connection. Nothing is opened before the first batch.</summary>
    ITransitionSession OpenSession();
}

/// <summary>
/// One transaction at a time, for one caller at a time. After an error the session may be used again: whatever the failed
/// transaction left is rolled back.
/// </summary>
public interface ITransitionSession : IAsyncDisposable
{
    /// <summary>
    /// Begins a transaction, locks the operations that the messages name until it ends, and loads them. An operation may be named
    /// by one message only.
    /// </summary>
    Task<ITransitionBatch> BeginAsync(IReadOnlyList<OperationMessage> messages, CancellationToken cancellationToken);
}

/// <summary>An open transaction over some operations. Disposed without a commit, it is rolled back.</summary>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "Not a collection.")]
public interface ITransitionBatch : IAsyncDisposable
{
    /// <summary>
    /// The registry's time, read after the operations were locked: what is decided, and when it is due, is reckoned from it, by
    /// all processes.
    /// </summary>
    DateTimeOffset Now { get; }

    /// <summary>The operation as it stands; null when there is none, or when it cannot be read.</summary>
    LoadedOperation? Find(Guid operationId);

    /// <summary>
    /// Why this version cannot read the operation; null when it can. Such an operation holds up no other of the batch: the commit puts
    /// it off, each time twice as long.
    /// </summary>
    string? WhyUnreadable(Guid operationId) => null;

    /// <summary>Writes all of the changes, or none, and ends the transaction.</summary>
    /// <param name="changes">At most one for each operation of the batch.</param>
    /// <param name="sent">Messages that have left the outbox: their rows are deleted.</param>
    /// <param name="claim">How long relays leave the outgoing messages to the caller.</param>
    /// <param name="cancellationToken">Cancels the commit; whether it took place is then unknown.</param>
    Task CommitAsync(IReadOnlyList<OperationChange> changes, IReadOnlyList<Guid> sent, TimeSpan claim, CancellationToken cancellationToken);
}
