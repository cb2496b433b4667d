using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;

namespace Saga.Tests.Support.InMemory;

/// <summary>Audits nothing, because the engine does not read the audit log.</summary>
internal sealed class InMemoryScopeWaits(InMemoryRegistry registry) : IScopeWaitStore
{
    public Task<GrantedScopes> GrantAsync(int limit, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var free = registry.ScopeQueue.Where(IsFree).Take(limit).ToList();
            foreach (var wait in free)
            {
                registry.ScopeQueue.Remove(wait);
                foreach (var scope in wait.Scopes)
                    registry.Scopes.Add(scope, wait.Operation);
                var row = registry.Operations[wait.Operation];
                row.Stored = row.Stored with { Slot = wait.NeedsSlot ? SlotState.Queued : SlotState.Exempt, DueAt = wait.NeedsSlot ? null : registry.Now };
                row.History.Add(HistoryEvents.ScopeGranted);
            }

            return Task.FromResult(new GrantedScopes([.. free.Select(w => w.Operation)], free.Count(w => w.NeedsSlot), LookAgain: free.Count == limit));
        }
    }

    public Task<int> RefuseExpiredAsync(int limit, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var expired = registry.ScopeQueue.Where(w => w.ExpiresAt <= registry.Now).OrderBy(w => w.ExpiresAt).Take(limit).ToList();
            foreach (var wait in expired.OrderBy(w => w.Operation))
            {
                var again = wait.Refusing;
                (wait.Refusing, wait.ExpiresAt) = (true, registry.Now + ExpiredWaits.OrderAgain);
                var (words, row) = (ExpiredWaits.Words(wait.Scopes), registry.Operations[wait.Operation]);
                if (!again)
                    Add(new(registry.NewId(), null, ExpiredWaits.Refusal(wait.Operation, row.Workflow.Kind, row.RequestedBy, words, registry.Now)));
                Add(new(registry.NewId(), Endpoints.Orders, ExpiredWaits.Ending(wait.Operation, words)));
            }

            return Task.FromResult(expired.Count);
        }
    }

    private bool IsFree(WaitRow wait) =>
        !wait.Refusing && !(wait.ExpiresAt <= registry.Now) && !registry.Locked.Contains(wait.Operation) && registry.Operations[wait.Operation].Stored.Slot == SlotState.Waiting
        && !wait.Scopes.Any(registry.Scopes.ContainsKey)
        && !registry.ScopeQueue.TakeWhile(w => w != wait).Any(w => !w.Refusing && w.Scopes.Intersect(wait.Scopes, StringComparer.Ordinal).Any());

    private void Add(OutboxMessage message) =>
        registry.Messages.Add(message.Id, new OutboxRow(message.Type, message.Queue, message.Body, message.TraceParent) { ClaimedUntil = DateTimeOffset.MinValue });
}
