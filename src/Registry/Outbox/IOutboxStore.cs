namespace Saga.Registry.Outbox;

/// <summary>Messages that were committed and may not have been sent. Thread-safe.</summary>
public interface IOutboxStore
{
    /// <summary>Opens a session for one claiming loop, with its own resources such as a connection. Nothing is opened before the first call.</summary>
    IOutboxSession OpenSession();

    /// <summary>
    /// Calls back once when it has started to listen, and whenever the outbox may have new messages, until it is cancelled or fails.
    /// Notifications may be lost when it fails, so callers must also poll.
    /// </summary>
    Task ListenAsync(Action notified, CancellationToken cancellationToken);
}

/// <summary>For one caller at a time. After an error the session may be used again.</summary>
/// <remarks>A crash of the server may lose a claim or a deletion. The message is then sent twice, which is harmless.</remarks>
public interface IOutboxSession : IAsyncDisposable
{
    /// <summary>Claims messages in the order in which their last claim ended, then by age. No other claim gets them before this one ends. Skips rows that another claim has locked.</summary>
    /// <param name="which">Which messages to claim.</param>
    /// <param name="limit">The most messages to claim.</param>
    /// <param name="claim">How long the claim lasts.</param>
    /// <param name="cancellationToken">Cancels the claim; whether it took place is then unknown.</param>
    Task<ClaimedMessages> ClaimAsync(OutboxPart which, int limit, TimeSpan claim, CancellationToken cancellationToken);

    /// <summary>Removes messages that have been sent.</summary>
    Task DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken);
}

public enum OutboxPart
{
    /// <summary>Messages that were never claimed.</summary>
    Fresh,

    /// <summary>Fresh messages, and those whose claim has ended.</summary>
    Overdue,
}

/// <summary>The result of a claim.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="Unreadable">Rows that this version cannot read. They stay in the outbox for a newer version and are postponed with doubling delay.</param>
public sealed record ClaimedMessages(IReadOnlyList<OutboxMessage> Messages, IReadOnlyList<UnreadableMessage> Unreadable)
{
    public int Count => Messages.Count + Unreadable.Count;
}

/// <summary>A row of the outbox that this version cannot read.</summary>
public sealed record UnreadableMessage(Guid Id, string Type, string? Queue, Exception Error);
