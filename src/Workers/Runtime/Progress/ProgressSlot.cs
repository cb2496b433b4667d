using System.Text.Json;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Leases;

namespace Saga.Workers.Runtime.Progress;

/// <summary>
/// The newest progress of one attempt, until a renewal of its lease carries it to the registry. Later reports replace earlier ones.
/// Thread-safe.
/// </summary>
/// <param name="stallAfter">The attempt ends this long after its last progress; null when it has a fixed end.</param>
/// <param name="checkpoint">Where an earlier attempt stopped, as JSON.</param>
/// <param name="time">The clock.</param>
internal sealed class ProgressSlot(TimeSpan? stallAfter, string? checkpoint, TimeProvider time)
{
    public const int MaxCheckpoint = 64 * 1024;
    private const int MaxText = 200;

    /// <summary>The shortest time between two renewals that carry progress.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private StepProgress? latest;
    private string? saved = checkpoint;
    private bool unsent;
    private bool newCheckpoint;
    private long? sentAt;

    /// <summary>Called at each progress, outside the lock.</summary>
    public Action? Progressed { get; set; }

    /// <summary>The newest checkpoint of this attempt or an earlier one in the same direction, as JSON.</summary>
    public string? Checkpoint
    {
        get
        {
            lock (gate)
                return saved;
        }
    }

    /// <summary>Whether there is progress that the registry has not been told, and the last renewal that carried some is long enough ago.</summary>
    public bool IsDue
    {
        get
        {
            lock (gate)
                return unsent && (sentAt is not { } at || time.GetElapsedTime(at) >= Pause);
        }
    }

    /// <summary>Keeps the report. The same report as before is no progress.</summary>
    public void Report(StepProgress progress, object? from)
    {
        var next = from is null ? null : JsonSerializer.Serialize(from, Json.Options);
        if (next?.Length > MaxCheckpoint)
            throw new InvalidOperationException($"A checkpoint has {next.Length} characters; at most {MaxCheckpoint} are kept. Keep more in the system that the step works on.");
        progress = progress with { Unit = Short(progress.Unit), Words = Short(progress.Words) };
        lock (gate)
        {
            if (progress == latest && (next is null || next == saved))
                return;
            latest = progress;
            unsent = true;
            if (next is not null && next != saved)
                (saved, newCheckpoint) = (next, true);
        }

        Progressed?.Invoke();
    }

    /// <summary>What a renewal must carry now; null when there is nothing new. Call <see cref="Sent"/> when it was carried.</summary>
    public LeaseProgress? Read()
    {
        lock (gate)
            return unsent ? new(latest!, newCheckpoint ? saved : null, stallAfter) : null;
    }

    public void Sent(LeaseProgress progress)
    {
        lock (gate)
        {
            sentAt = time.GetTimestamp();
            // There may be a newer report by now.
            unsent = latest != progress.Progress || (newCheckpoint && saved != progress.Checkpoint);
            newCheckpoint = newCheckpoint && saved != progress.Checkpoint;
        }
    }

    private static string? Short(string? text)
    {
        if (text is null || text.Length <= MaxText)
            return text;
        // Half of a surrogate pair cannot be stored.
        return text[..(char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText)];
    }
}
