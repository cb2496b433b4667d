namespace Saga.Workers.Runtime;

/// <summary>
/// The circuit of one external system. It opens after failures in a row, whatever succeeded before them, and in a brownout, when most
/// of the latest calls fail although some succeed. While it is open nobody calls; then one call at a time tries. Thread-safe.
/// </summary>
/// <param name="failures">In a row, or in the window when they are half of its calls: what opens the circuit.</param>
/// <param name="window">How long a call counts for the share.</param>
/// <param name="pause">How long the circuit stays open before a call tries the system.</param>
/// <param name="time">The clock.</param>
internal sealed class CircuitBreaker(int failures, TimeSpan window, TimeSpan pause, TimeProvider time)
{
    // The share is taken of so many calls at most: a thousand successes a second before do not outweigh an outage.
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

    /// <summary>May a call be made? One that is let through ends with <see cref="End"/>, whatever becomes of it.</summary>
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

    /// <returns>What became of the circuit.</returns>
    public CircuitChange End(CircuitEntry entry, CallVerdict verdict)
    {
        lock (gate)
        {
            // The call began before the circuit opened or closed: it says nothing of the time since.
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
/// <param name="Generation">Which state of the circuit let it through.</param>
/// <param name="RetryAfter">When to ask again, if it may not.</param>
internal readonly record struct CircuitEntry(bool Allowed, int Generation, TimeSpan RetryAfter);

/// <summary>What a call said of the system.</summary>
internal enum CallVerdict
{
    /// <summary>It was not reached, or the call ended for another reason.</summary>
    Unknown,

    /// <summary>It did what was asked, or said why not.</summary>
    Answered,

    /// <summary>It is away, or ails.</summary>
    Failed,
}

internal enum CircuitChange
{
    None,
    Opened,
    Closed,
}
