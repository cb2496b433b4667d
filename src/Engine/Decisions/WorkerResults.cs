using System.Collections.Concurrent;

namespace Saga.Engine.Decisions;

/// <summary>
/// When each worker last had a result, success or failure, as far as this process knows. This distinguishes a step that kills its
/// worker from a worker that is down, because in the first case the worker's other steps still have results. It is lost when the
/// process ends, which gives such a step one more attempt. Thread-safe.
/// </summary>
public sealed class WorkerResults
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> last = new(StringComparer.Ordinal);

    public void Note(string worker, DateTimeOffset at) => last[worker] = at;

    public bool AnySince(string worker, DateTimeOffset since) => last.TryGetValue(worker, out var at) && at > since;
}
