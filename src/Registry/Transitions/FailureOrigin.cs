using Saga.Engine.Operations;

namespace Saga.Registry.Transitions;

/// <summary>What set an operation's failure.</summary>
/// <param name="Step">The step; null when no step failed.</param>
/// <param name="IsBack">Whether its compensation failed.</param>
internal sealed record FailureOrigin(string? Step, bool IsBack)
{
    /// <returns>Null when the change sets no failure.</returns>
    public static FailureOrigin? Of(LoadedOperation? before, OperationChange change)
    {
        if (change.Row is not { Failure: { } failure } row)
            return null;
        var stalls = row.State == OperationState.Stalled;
        // The failure is the step's own object. Others may have failed with the same words.
        var step = change.Steps.Select(s => s.Step).Concat(before?.Steps ?? []).FirstOrDefault(s => ReferenceEquals(s.Failure, failure));
        // A compensation may fail with the same words as the step that began it.
        if (before is not null && failure == before.Stored.Failure && (step is null || !stalls || before.Stored.State == OperationState.Stalled))
            return null;
        // A step whose failure has just turned the operation round may be compensated already.
        return new(step?.Name, stalls && step is { Status.IsBack: true });
    }
}
