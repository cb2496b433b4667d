using Saga.Engine;

namespace Saga.Registry.Processes;

/// <summary>
/// Checks whether an orchestrator has the engine level that a workflow needs. One that was running a moment ago still counts, so that
/// a rolling restart causes no gap. Thread-safe.
/// </summary>
public sealed class OrchestratorLevels(ProcessStore processes, TimeProvider time)
{
    private volatile Seen? seen;

    /// <returns>
    /// Whether no orchestrator has it. Always false for the first level, because every orchestrator has it and operations may wait for one.
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
