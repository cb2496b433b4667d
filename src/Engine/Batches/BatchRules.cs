namespace Saga.Engine.Batches;

/// <summary>Where a batch stands.</summary>
/// <param name="WaveSize">The size of its wave.</param>
/// <param name="Begun">How many items of the wave have begun.</param>
/// <param name="Open">How many of these have not ended.</param>
/// <param name="Failed">How many of these failed, or were refused.</param>
/// <param name="Pending">How many items of the batch have not begun.</param>
public sealed record BatchProgress(int WaveSize, int Begun, int Open, int Failed, int Pending)
{
    /// <summary>Where its rehearsals stand, which no wave counts; null when it has none, or all have succeeded.</summary>
    public RehearsalProgress? Rehearsals { get; init; }
}

/// <summary>Where the rehearsals of a batch stand.</summary>
/// <param name="Pending">How many have not begun.</param>
/// <param name="Failed">How many failed, or were refused.</param>
/// <param name="FirstFailure">What failed, as whole sentences; null when none did.</param>
public sealed record RehearsalProgress(int Pending, int Failed, string? FirstFailure);

/// <summary>What a batch does next.</summary>
public abstract record BatchDecision
{
    private BatchDecision()
    {
    }

    /// <summary>Begins the next items of the wave, as fast as its rate allows.</summary>
    /// <param name="Count">At most so many.</param>
    public sealed record Begin(int Count) : BatchDecision;

    /// <summary>Waits for items that have begun.</summary>
    public sealed record Wait : BatchDecision;

    /// <summary>Begins another wave.</summary>
    /// <param name="Size">How many items it has.</param>
    public sealed record NextWave(int Size) : BatchDecision;

    /// <summary>Pauses until an operator resumes or aborts it.</summary>
    /// <param name="Code">The same for programs.</param>
    /// <param name="Why">Whole sentences for people.</param>
    public sealed record Pause(string Code, string Why) : BatchDecision;

    /// <summary>Every item has ended.</summary>
    public sealed record Complete : BatchDecision;
}

/// <summary>Decides how a batch goes on. Pure.</summary>
public static class BatchRules
{
    /// <summary>The code of a pause because too many items of a wave failed.</summary>
    public const string ItemsFailed = "items-failed";

    /// <summary>The code of a pause because a rehearsal failed.</summary>
    public const string RehearsalFailed = "rehearsal-failed";

    public static BatchDecision Next(BatchPace pace, BatchProgress progress)
    {
        if (progress.Rehearsals is { } rehearsals)
            return Next(rehearsals);
        // What has begun ends by itself, so only items that have not begun are worth a pause.
        if (progress.Pending > 0 && progress.Failed > pace.StopAtFailureRatio * Math.Min(progress.WaveSize, progress.Begun + progress.Pending))
            return new BatchDecision.Pause(ItemsFailed, $"{progress.Failed} of {progress.Begun} items of the wave failed. Look at them, then resume or abort the batch.");
        if (progress.Pending > 0 && progress.Begun < progress.WaveSize)
            return new BatchDecision.Begin(Math.Min(progress.WaveSize - progress.Begun, progress.Pending));
        if (progress.Open > 0)
            return new BatchDecision.Wait();
        return progress.Pending == 0 ? new BatchDecision.Complete() : new BatchDecision.NextWave(NextSize(pace, progress.WaveSize));
    }

    // Whatever the ratio is: one place that cannot be upgraded is what rehearsals are for.
    private static BatchDecision Next(RehearsalProgress rehearsals) => rehearsals switch
    {
        { Failed: > 0 } => new BatchDecision.Pause(
            RehearsalFailed,
            $"{rehearsals.FirstFailure} {(rehearsals.Failed == 1 ? "" : $"{rehearsals.Failed} rehearsals failed. ")}No place was upgraded. Mend what failed and resume the batch, which rehearses it again, or abort the batch."),
        { Pending: > 0 and var pending } => new BatchDecision.Begin(pending),
        _ => new BatchDecision.Wait(),
    };

    private static int NextSize(BatchPace pace, int size) => (int)Math.Min((long)size * pace.Factor, pace.Max);
}
