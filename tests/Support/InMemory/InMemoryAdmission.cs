using Saga.Engine.Admission;
using Saga.Engine.Operations;
using Saga.Registry.Admission;
using Saga.Registry.Sweep;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryAdmission(InMemoryRegistry registry) : IAdmissionStore
{
    public Task<Admitted> AdmitAsync(int slots, TimeSpan putOff, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var classes = Classes();
            var admitted = new List<SweptOperation>();
            foreach (var (priority, count) in SlotShares.Choose(Now(slots) - classes.Sum(c => c.Used), classes))
            {
                // Skips locked operations, because their own message is about to admit them.
                foreach (var (id, row) in Waiting(priority).Where(o => !registry.Locked.Contains(o.Key))
                    .OrderByDescending(o => o.Value.SlotReturns).ThenBy(o => o.Value.SlotSince).ThenBy(o => o.Key).Take(count).ToList())
                {
                    row.Stored = row.Stored with { Slot = SlotState.Admitted, DueAt = registry.Now + putOff };
                    admitted.Add(new SweptOperation(id, row.TraceParent));
                }
            }

            return Task.FromResult(new Admitted(admitted, LookAgain: false));
        }
    }

    public Task ReportOverloadAsync(int slots, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
            registry.SlotLimit = (registry.SlotLimit ?? new SlotLimit(slots, DateTimeOffset.MinValue)).Overloaded(slots, registry.Now);
        return Task.CompletedTask;
    }

    public Task<AdmissionState> ReadAsync(int slots, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var classes = Classes();
            return Task.FromResult(new AdmissionState(Now(slots), classes.Sum(c => c.Used), classes.Sum(c => c.Waiting)));
        }
    }

    private int Now(int slots) => registry.SlotLimit?.Now(slots, registry.Now) ?? slots;

    private List<WaitingClass> Classes() =>
        [.. Enum.GetValues<OperationPriority>().Select(priority => new WaitingClass(priority, Used(priority), Waiting(priority).Count()))];

    private int Used(OperationPriority priority) => registry.Operations.Values.Count(o =>
        o.Priority == priority && o.Stored is { Slot: SlotState.Admitted, State: OperationState.Accepted or OperationState.Running });

    private IEnumerable<KeyValuePair<Guid, OperationRow>> Waiting(OperationPriority priority) =>
        registry.Operations.Where(o => o.Value.Priority == priority && o.Value.Stored.Slot == SlotState.Queued);
}
