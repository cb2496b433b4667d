using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Outbox;
using Saga.Registry.Transitions;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryUnreadable(InMemoryRegistry registry) : IUnreadableOperationStore
{
    private static readonly TimeSpan Soonest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Latest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan GivesUp = TimeSpan.FromHours(1);

    public Task<IReadOnlyDictionary<Guid, string>> TryAgainAsync(CancellationToken cancellationToken)
    {
        var left = new Dictionary<Guid, string>();
        lock (registry.Gate)
        {
            foreach (var (id, row) in registry.Operations.Where(o => o.Value.UnreadTimes > 0))
            {
                if (row.Unreadable is { } reason)
                {
                    left[id] = reason;
                    continue;
                }

                row.UnreadTimes = 0;
                if (!row.Ended)
                    row.Stored = row.Stored with { DueAt = registry.Now };
            }
        }

        return Task.FromResult<IReadOnlyDictionary<Guid, string>>(left);
    }

    public Task<bool> PutBackAsync(StepReport report, string? traceParent, CancellationToken cancellationToken)
    {
        var message = new OutboxMessage(registry.NewId(), Endpoints.Operations, report, traceParent);
        lock (registry.Gate)
        {
            var since = registry.Operations.GetValueOrDefault(report.OperationId) is { UnreadTimes: > 0 } row ? registry.Now - row.UnreadSince : TimeSpan.Zero;
            if (since >= GivesUp)
                return Task.FromResult(false);
            var pause = since / 4 < Soonest ? Soonest : since / 4 > Latest ? Latest : since / 4;
            registry.Messages.Add(message.Id, new OutboxRow(message.Type, message.Queue, message.Body, message.TraceParent) { ClaimedUntil = registry.Now + pause });
            return Task.FromResult(true);
        }
    }
}
