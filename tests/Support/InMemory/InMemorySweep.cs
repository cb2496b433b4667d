using Saga.Engine.Operations;
using Saga.Registry.Sweep;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemorySweep(InMemoryRegistry registry) : ISweepStore
{
    public Task<DueOperations> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var now = registry.Now;
            var taken = new List<SweptOperation>();
            var queued = new HashSet<Guid>();
            foreach (var (id, row) in registry.Operations
                .Where(o => o.Value.Stored.DueAt <= now && !registry.Locked.Contains(o.Key)).OrderBy(o => o.Value.Stored.DueAt).Take(limit).ToList())
            {
                if (row.Stored is { Slot: SlotState.Released, State: OperationState.Accepted or OperationState.Running })
                {
                    row.Stored = row.Stored with { DueAt = null, Slot = SlotState.Queued };
                    (row.SlotReturns, row.SlotSince) = (true, now);
                    queued.Add(id);
                    continue;
                }

                row.Stored = row.Stored with { DueAt = now + putOff };
                taken.Add(new SweptOperation(id, row.TraceParent));
            }

            TakeWatched(now, putOff, limit, taken, queued);
            return Task.FromResult(new DueOperations(taken, queued.Count));
        }
    }

    private void TakeWatched(DateTimeOffset now, TimeSpan putOff, int limit, List<SweptOperation> taken, HashSet<Guid> queued)
    {
        foreach (var (key, step) in registry.Steps.Where(s => s.Value.WatchedUntil <= now).OrderBy(s => s.Value.WatchedUntil).Take(limit).ToList())
        {
            step.WatchedUntil = step.Step.Status.IsDispatched ? now + putOff : null;
            if (!queued.Contains(key.Operation) && !taken.Exists(t => t.Id == key.Operation))
                taken.Add(new SweptOperation(key.Operation, registry.Operations[key.Operation].TraceParent));
        }
    }

    public Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            return Task.FromResult<IReadOnlyList<SweptOperation>>(
            [
                .. registry.Operations
                    .Where(o => o.Value.Stored is
                    {
                        State: OperationState.Accepted or OperationState.Running or OperationState.Compensating, Slot: not (SlotState.Queued or SlotState.Waiting),
                    })
                    .Select(o => new SweptOperation(o.Key, o.Value.TraceParent)),
            ]);
        }
    }
}
