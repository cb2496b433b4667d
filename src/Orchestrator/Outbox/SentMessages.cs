using System.Collections.Concurrent;

namespace Saga.Orchestrator.Outbox;

/// <summary>Sent messages whose outbox rows the next transaction deletes. Thread-safe.</summary>
internal sealed class SentMessages
{
    private readonly ConcurrentQueue<Guid> ids = new();

    public void Add(Guid id) => ids.Enqueue(id);

    public IReadOnlyList<Guid> Take()
    {
        var taken = new List<Guid>();
        while (taken.Count < 1000 && ids.TryDequeue(out var id))
            taken.Add(id);
        return taken;
    }

    public void Return(IReadOnlyList<Guid> notDeleted)
    {
        foreach (var id in notDeleted)
            ids.Enqueue(id);
    }
}
