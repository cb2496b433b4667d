using System.Text.Json;
using Saga.Registry.Outbox;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryOutbox(InMemoryRegistry registry) : IOutboxStore, IOutboxSession
{
    public IOutboxSession OpenSession() => this;

    public async Task ListenAsync(Action notified, CancellationToken cancellationToken)
    {
        registry.Notified += notified;
        try
        {
            notified();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            registry.Notified -= notified;
        }
    }

    public Task<ClaimedMessages> ClaimAsync(OutboxPart which, int limit, TimeSpan claim, CancellationToken cancellationToken)
    {
        var messages = new List<OutboxMessage>();
        var unreadable = new List<UnreadableMessage>();
        lock (registry.Gate)
        {
            var now = registry.Now;
            var claimed = registry.Messages
                .Where(m => which == OutboxPart.Fresh ? m.Value.ClaimedUntil == DateTimeOffset.MinValue : m.Value.ClaimedUntil <= now)
                .OrderBy(m => m.Value.ClaimedUntil).Take(limit).ToList();
            foreach (var (id, row) in claimed)
            {
                row.ClaimedUntil = now + claim;
                try
                {
                    messages.Add(OutboxMessage.Read(id, row.Type, row.Queue, row.Body, row.TraceParent));
                }
                catch (Exception error) when (error is InvalidOperationException or JsonException)
                {
                    unreadable.Add(new UnreadableMessage(id, row.Type, row.Queue, error));
                }
            }
        }

        return Task.FromResult(new ClaimedMessages(messages, unreadable));
    }

    public Task DeleteAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            foreach (var id in ids)
                registry.Messages.Remove(id);
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
