using System.Collections.Concurrent;

namespace Saga.Engine.Decisions;

/// <summary>
/// When each worker last had a result, success or failure, as far as this process saw. It tells a step that kills its worker from a
/// worker that is down: while the step is lost again and again, the worker's other steps go on. Forgotten when the process ends,
/// which costs such a step one more attempt. Thread-safe.
/// </summary>
public sealed class WorkerResults
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> last = new(StringComparer.Ordinal);

    public void Note(string worker, DateTimeOffset at) => last[worker] = at;

    public bool AnySince(string worker, DateTimeOffset since) => last.TryGetValue(worker, out var at) && at > since;
}
