namespace Saga.Registry.Outbox;

/// <summary>Messages that were committed and may not have been sent. Thread-safe.</summary>
public interface IOutboxStore
{
    /// <summary>What one loop of claims keeps for itself, such as a connection. Nothing is opened before the first call.</summary>
    IOutboxSession OpenSession();

    /// <summary>
    /// Calls back once when it has begun to listen, and whenever somebody may have put a message into the outbox, until it is
    /// cancelled or fails. A notification may be lost when it fails, so whoever listens also looks from time to time.
    /// </summary>
    Task ListenAsync(Action notified, CancellationToken cancellationToken);
}

/// <summary>For one caller at a time. After an error the session may be used again.</summary>
/// <remarks>A crash of the server may forget a claim or a deletion: the message is then sent twice, and changes nothing.</remarks>
public interface IOutboxSession : IAsyncDisposable
{
    /// <summary>Claims messages, those first whose claim ended first, and then the oldest; no other claim gets them before this one ends. Rows that another claim has locked are left out.</summary>
    /// <param name="which">Which messages.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="claim">How long the claim lasts.</param>
    /// <param name="cancellationToken">Cancels the claim; whether it took place is then unknown.</param>
    Task<ClaimedMessages> ClaimAsync(OutboxPart which, int limit, TimeSpan claim, CancellationToken cancellationToken);

    /// <summary>Removes messages that have been sent.</summary>
    Task DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken);
}

public enum OutboxPart
{
    /// <summary>Messages that nobody has claimed yet.</summary>
    Fresh,

    /// <summary>Those, and messages whose claim has ended.</summary>
    Overdue,
}

/// <summary>What a claim got.</summary>
/// <param name="Messages">The messages.</param>
/// <param name="Unreadable">Rows that this version cannot read. They stay in the outbox for a newer one, put off each time twice as long.</param>
public sealed record ClaimedMessages(IReadOnlyList<OutboxMessage> Messages, IReadOnlyList<UnreadableMessage> Unreadable)
{
    public int Count => Messages.Count + Unreadable.Count;
}

/// <summary>A row of the outbox that this version cannot read.</summary>
public sealed record UnreadableMessage(Guid Id, string Type, string? Queue, Exception Error);
