namespace Saga.Messaging;

/// <summary>
/// Whether the broker accepts messages, as seen by the sends of this process. A broker that is short of memory or disk space blocks its
/// publishers: their connections stay open, and confirmations do not come. This counts as overload. Thread-safe.
/// </summary>
public sealed class BrokerFlow(TimeProvider time)
{
    /// <summary>How long a send may wait for its confirmation before the broker counts as blocked. Far longer than a disk write on its nodes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // If nothing is sent any more, nothing says whether it is still blocked.
    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private int pending;
    private long? waitingSince;
    private long lastEnd;

    /// <summary>How long the broker has accepted no message although some were sent; null while it accepts them.</summary>
    public TimeSpan? Blocked
    {
        get
        {
            lock (gate)
                return waitingSince is { } since && time.GetElapsedTime(since) is var waited && waited >= Patience && !IsForgotten ? waited : null;
        }
    }

    private bool IsForgotten => pending == 0 && time.GetElapsedTime(lastEnd) >= Forgotten;

    /// <summary>Runs one send, which ends when the broker has confirmed or refused the message.</summary>
    internal async Task WatchAsync(Func<Task> send)
    {
        Begin();
        var answered = false;
        try
        {
            await send();
            answered = true;
        }
        catch (MassTransit.MessageReturnedException)
        {
            answered = true;
            throw;
        }
        finally
        {
            End(answered);
        }
    }

    private void Begin()
    {
        lock (gate)
        {
            if (waitingSince is null || IsForgotten)
                waitingSince = time.GetTimestamp();
            pending++;
        }
    }

    // A send that was given up says nothing, so the wait goes on with the next one.
    private void End(bool answered)
    {
        lock (gate)
        {
            pending--;
            lastEnd = time.GetTimestamp();
            if (answered)
                waitingSince = pending > 0 ? lastEnd : null;
        }
    }
}
