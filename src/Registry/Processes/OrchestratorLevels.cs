using Saga.Engine;

namespace Saga.Registry.Processes;

/// <summary>
/// Tells whether some orchestrator has the level that a workflow needs. One that was there a moment ago still counts, so that a
/// rolling restart is no gap. Thread-safe.
/// </summary>
public sealed class OrchestratorLevels(ProcessStore processes, TimeProvider time)
{
    private volatile Seen? seen;

    /// <returns>
    /// Whether none has it. Never for the first level: every orchestrator has that, and an operation may wait for one.
    /// </returns>
    public async Task<bool> IsMissingAsync(int level, CancellationToken cancellationToken)
    {
        if (level <= EngineLevel.First || Has(level))
            return false;
        if (await processes.FindHighestLevelAsync(cancellationToken) is { } highest)
            seen = new(highest, time.GetTimestamp());
        return !Has(level);
    }

    private bool Has(int level) => seen is { } highest && highest.Level >= level && time.GetElapsedTime(highest.At) <= ProcessStore.GivenUpAfter;

    private sealed record Seen(int Level, long At);
}
