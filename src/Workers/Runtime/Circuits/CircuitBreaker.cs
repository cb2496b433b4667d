namespace Saga.Workers.Runtime.Circuits;

/// <summary>
/// The circuit breaker of one external system. It opens after a number of failures in a row, regardless of earlier successes, and in
/// a brownout, when at least half of the latest calls fail. While it is open there are no calls. After the pause, one call at a time
/// probes the system. Thread-safe.
/// </summary>
/// <param name="failures">How many failures open the circuit: in a row, or in the window if they are at least half of the latest calls.</param>
/// <param name="window">How long a call counts towards the share.</param>
/// <param name="pause">How long the circuit stays open before a call probes the system.</param>
/// <param name="time">The clock.</param>
internal sealed class CircuitBreaker(int failures, TimeSpan window, TimeSpan pause, TimeProvider time)
{
    // Limits the calls in the share, so that a thousand earlier successes do not outweigh an outage.
    private readonly int latest = failures * 4;
    private readonly Lock gate = new();
    private readonly Queue<(long At, bool Failed)> recent = new();
    private int inRow;
    private int generation;
    private long openedAt;
    private string? why;
    private bool trying;

    /// <summary>Why calls are refused; null while the circuit is closed.</summary>
    public string? Why
    {
        get
        {
            lock (gate)
                return why;
        }
    }

    /// <summary>Asks for permission to make a call. Every permitted call must end with <see cref="End"/>, whatever its outcome.</summary>
    public CircuitEntry Enter()
    {
        lock (gate)
        {
            if (why is null)
                return new(true, generation, TimeSpan.Zero);
            var left = pause - time.GetElapsedTime(openedAt);
            if (left > TimeSpan.Zero)
                return new(false, generation, left);
            if (trying)
                return new(false, generation, pause);
            trying = true;
            return new(true, generation, TimeSpan.Zero);
        }
    }

    /// <returns>How the circuit changed.</returns>
    public CircuitChange End(CircuitEntry entry, CallVerdict verdict)
    {
        lock (gate)
        {
            // The call started before the circuit last opened or closed, so it says nothing about the current state.
            if (entry.Generation != generation)
                return CircuitChange.None;
            return why is null ? EndClosed(verdict) : EndTrial(verdict);
        }
    }

    private CircuitChange EndClosed(CallVerdict verdict)
    {
        if (verdict == CallVerdict.Unknown)
            return CircuitChange.None;
        var failed = verdict == CallVerdict.Failed;
        inRow = failed ? inRow + 1 : 0;
        recent.Enqueue((time.GetTimestamp(), failed));
        while (recent.Count > latest || time.GetElapsedTime(recent.Peek().At) > window)
            recent.Dequeue();
        var count = recent.Count(c => c.Failed);
        if (inRow >= failures)
            return Open($"{inRow} calls in a row failed");
        return failed && count >= failures && count * 2 >= recent.Count ? Open($"{count} of the last {recent.Count} calls failed") : CircuitChange.None;
    }

    private CircuitChange EndTrial(CallVerdict verdict)
    {
        trying = false;
        switch (verdict)
        {
            case CallVerdict.Failed:
                openedAt = time.GetTimestamp();
                return CircuitChange.None;
            case CallVerdict.Answered:
                why = null;
                generation++;
                return CircuitChange.Closed;
            default:
                return CircuitChange.None;
        }
    }

    private CircuitChange Open(string reason)
    {
        why = reason;
        openedAt = time.GetTimestamp();
        generation++;
        inRow = 0;
        recent.Clear();
        return CircuitChange.Opened;
    }
}

/// <param name="Allowed">Whether the call may be made.</param>
/// <param name="Generation">The state of the circuit that permitted it.</param>
/// <param name="RetryAfter">When to ask again if it is not allowed.</param>
internal readonly record struct CircuitEntry(bool Allowed, int Generation, TimeSpan RetryAfter);

/// <summary>What a call's outcome says about the system.</summary>
internal enum CallVerdict
{
    /// <summary>The system was not called, or the call ended for another reason.</summary>
    Unknown,

    /// <summary>The system succeeded, or said why it did not.</summary>
    Answered,

    /// <summary>The system is unavailable or failing.</summary>
    Failed,
}

internal enum CircuitChange
{
    None,
    Opened,
    Closed,
}
