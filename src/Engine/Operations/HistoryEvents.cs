namespace Saga.Engine.Operations;

/// <summary>The events of an operation's history. Names are public: the API shows them, streams them and filters by them.</summary>
public static class HistoryEvents
{
    public const string Accepted = "accepted";
    /// <summary>A scope is taken, and the operation waits for it.</summary>
    public const string ScopeAwaited = "scopeAwaited";

    /// <summary>The operation has got the scopes that it waited for.</summary>
    public const string ScopeGranted = "scopeGranted";

    public const string Started = "started";
    public const string StepDispatched = "stepDispatched";
    public const string StepSucceeded = "stepSucceeded";
    public const string StepFailed = "stepFailed";
    public const string StepTimedOut = "stepTimedOut";
    public const string StepDeferred = "stepDeferred";
    public const string StepSkipped = "stepSkipped";

    /// <summary>A step began to wait for a time, an approval or a signal.</summary>
    public const string StepAwaiting = "stepAwaiting";

    /// <summary>Somebody approved or rejected a step that waits, sent its signal, or ended its wait early.</summary>
    public const string WaitAnswered = "waitAnswered";

    public const string CompensationStarted = "compensationStarted";
    public const string CompensationDispatched = "compensationDispatched";
    public const string StepCompensated = "stepCompensated";
    public const string CompensationFailed = "compensationFailed";
    public const string CompensationTimedOut = "compensationTimedOut";
    public const string CompensationDeferred = "compensationDeferred";

    /// <summary>A compensation succeeded and runs once more, because an earlier forward attempt had an unknown outcome.</summary>
    public const string CompensationAgain = "compensationAgain";

    public const string Completed = "completed";
    public const string Compensated = "compensated";
    public const string Stalled = "stalled";
    /// <summary>Somebody cancelled the operation; what ran is compensated. The end of it is <see cref="Cancelled"/>.</summary>
    public const string CancelRequested = "cancelRequested";

    /// <summary>The operation could no longer be cancelled when the request reached it.</summary>
    public const string CancelRefused = "cancelRefused";

    public const string Cancelled = "cancelled";

    /// <summary>An operator ordered a replay of the stalled operation.</summary>
    public const string ReplayRequested = "replayRequested";

    /// <summary>The operation goes on as ordered.</summary>
    public const string Replayed = "replayed";

    /// <summary>The operation had changed before the order reached it.</summary>
    public const string ReplayRefused = "replayRefused";

    /// <summary>An operator skipped the step.</summary>
    public const string StepWaived = "stepWaived";

    /// <summary>An operator left undone what the step did.</summary>
    public const string CompensationWaived = "compensationWaived";

    /// <summary>Somebody wrote a note. It may come after the operation's end, and changes nothing.</summary>
    public const string Noted = "noted";

    /// <summary>Of an operation that stands for a batch: another wave began.</summary>
    public const string WaveBegun = "waveBegun";

    /// <summary>Of an operation that stands for a batch: it paused, or somebody paused it.</summary>
    public const string BatchPaused = "batchPaused";

    /// <summary>Of an operation that stands for a batch: somebody resumed it.</summary>
    public const string BatchResumed = "batchResumed";

    /// <summary>Of an operation that stands for a batch: somebody aborted it.</summary>
    public const string BatchAborted = "batchAborted";

    /// <summary>Of an operation that stands for a batch: every item has ended.</summary>
    public const string BatchCompleted = "batchCompleted";

    /// <summary>The current name of an event that an earlier version wrote.</summary>
    public static string Current(string name) => name switch
    {
        "stepHeld" => StepDeferred,
        "compensationHeld" => CompensationDeferred,
        _ => name,
    };
}
