using System.Diagnostics.CodeAnalysis;

namespace Saga.Registry.Transitions;

/// <summary>
/// Loads operations and commits their transitions: the operation's row, its steps, its history, the inbox and the outgoing messages
/// in one transaction. Thread-safe.
/// </summary>
public interface ITransitionStore
{
    /// <summary>Opens a session for one committer, with its own resources such as a connection. Nothing is opened before the first batch.</summary>
    ITransitionSession OpenSession();
}

/// <summary>
/// One transaction at a time, for one caller at a time. After an error the session may be used again, because the failed transaction
/// is rolled back.
/// </summary>
public interface ITransitionSession : IAsyncDisposable
{
    /// <summary>
    /// Begins a transaction, locks the messages' operations until it ends, and loads them. Each operation may have only one of the
    /// messages.
    /// </summary>
    Task<ITransitionBatch> BeginAsync(IReadOnlyList<OperationMessage> messages, CancellationToken cancellationToken);
}

/// <summary>An open transaction over some operations. It is rolled back when disposed without a commit.</summary>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "Not a collection.")]
public interface ITransitionBatch : IAsyncDisposable
{
    /// <summary>
    /// The registry's time, read after the operations were locked. All processes use it for decisions and due times.
    /// </summary>
    DateTimeOffset Now { get; }

    /// <summary>The operation's current state; null when it does not exist or cannot be read.</summary>
    LoadedOperation? Find(Guid operationId);

    /// <summary>
    /// Why this version cannot read the operation; null when it can. Such an operation does not delay others in the batch: the commit
    /// postpones it, with doubling delay.
    /// </summary>
    string? WhyUnreadable(Guid operationId) => null;

    /// <summary>Writes all of the changes or none of them, and ends the transaction.</summary>
    /// <param name="changes">At most one for each operation of the batch.</param>
    /// <param name="sent">Messages that were sent, whose rows are deleted from the outbox.</param>
    /// <param name="claim">How long only the caller sends the outgoing messages, before relays may take over.</param>
    /// <param name="cancellationToken">Cancels the commit; whether it took place is then unknown.</param>
    Task CommitAsync(IReadOnlyList<OperationChange> changes, IReadOnlyList<Guid> sent, TimeSpan claim, CancellationToken cancellationToken);
}
