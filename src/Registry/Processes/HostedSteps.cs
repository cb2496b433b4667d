namespace Saga.Registry.Processes;

/// <summary>
/// Finds steps that no process hosts. A step that was hosted a moment ago still counts, so that a rolling restart causes no gap. A
/// missing step is looked up again each time. Thread-safe.
/// </summary>
public sealed class HostedSteps(ProcessStore processes, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> seen = new(StringComparer.Ordinal);

    /// <returns>The steps that no process hosts. Queries the registry only if some seem to be missing or the cached result is old.</returns>
    public async Task<IReadOnlyList<string>> MissingAsync(IReadOnlyCollection<string> steps, CancellationToken cancellationToken)
    {
        if (Unseen(steps).Count == 0)
            return [];
        var hosted = await processes.ListStepsAsync(cancellationToken);
        lock (gate)
        {
            foreach (var step in hosted)
                seen[step] = time.GetTimestamp();
        }

        return Unseen(steps);
    }

    private List<string> Unseen(IEnumerable<string> steps)
    {
        lock (gate)
            return [.. steps.Where(s => !seen.TryGetValue(s, out var at) || time.GetElapsedTime(at) > ProcessStore.GivenUpAfter)];
    }
}
