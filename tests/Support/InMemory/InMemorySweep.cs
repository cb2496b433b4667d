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
            var queued = 0;
            foreach (var (id, row) in registry.Operations
                .Where(o => o.Value.Stored.DueAt <= now && !registry.Locked.Contains(o.Key)).OrderBy(o => o.Value.Stored.DueAt).Take(limit).ToList())
            {
                if (row.Stored is { Slot: SlotState.Released, State: OperationState.Running })
                {
                    row.Stored = row.Stored with { DueAt = null, Slot = SlotState.Queued };
                    queued++;
                    continue;
                }

                row.Stored = row.Stored with { DueAt = now + putOff };
                taken.Add(new SweptOperation(id, row.TraceParent));
            }

            return Task.FromResult(new DueOperations(taken, queued));
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
                        State: OperationState.Accepted or OperationState.Running or OperationState.Compensating, Slot: not SlotState.Queued,
                    })
                    .Select(o => new SweptOperation(o.Key, o.Value.TraceParent)),
            ]);
        }
    }
}
