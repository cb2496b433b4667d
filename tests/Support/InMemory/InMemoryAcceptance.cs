using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Tenants;
using Saga.Registry.Transitions;

namespace Saga.Tests.Support.InMemory;

/// <summary>Does not support <see cref="Acceptance.Effects"/>, because they are SQL.</summary>
internal sealed class InMemoryAcceptance(InMemoryRegistry registry) : IAcceptanceStore
{
    private static readonly TimeSpan StartAgain = TimeSpan.FromSeconds(30);

    public Task<KnownCommand?> FindAsync(string caller, string key, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
            return Task.FromResult(registry.Keys.GetValueOrDefault((caller, key)));
    }

    public Task<ScopeHolder?> FindHolderAsync(IReadOnlyCollection<string> scopes, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
            return Task.FromResult(Holder(scopes));
    }

    public async Task<AcceptanceConflict?> AcceptAsync(TenantId? existing, Func<Tenant?, DateTimeOffset, Acceptance?> decide, CancellationToken cancellationToken)
    {
        Acceptance? acceptance;
        lock (registry.Gate)
            acceptance = decide(existing is { } id ? registry.Tenants.GetValueOrDefault(id) : null, registry.Now);
        if (acceptance is null)
            return null;
        if (acceptance.Effects.Count > 0)
            throw new NotSupportedException("Effects are SQL.");
        while (true)
        {
            Task? wait = null;
            lock (registry.Gate)
            {
                // The parent's transition may end it.
                if (acceptance.ParentId is { } parent && registry.Locked.Contains(parent))
                    wait = registry.Unlocked;
                else if (Write(acceptance) is { } conflict)
                    return conflict;
            }

            if (wait is null)
            {
                registry.Notified?.Invoke();
                return null;
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    private AcceptanceConflict? Write(Acceptance acceptance)
    {
        if (acceptance.ParentId is { } parent && (!registry.Operations.TryGetValue(parent, out var row) || row.Ended))
            return new AcceptanceConflict.ParentEnded(parent);
        if (acceptance.Key is { } taken && registry.Keys.ContainsKey((acceptance.Caller, taken.Text)))
            throw new PostgresException("The key is taken.", "ERROR", "ERROR", PostgresErrorCodes.UniqueViolation);
        if (Holder(acceptance.Scopes) is { } holder)
            return new AcceptanceConflict.ScopeTaken(holder);

        if (acceptance.ParentId is { } begun && registry.Operations[begun] is { Stored.Slot: not SlotState.Exempt } whole)
            whole.Stored = whole.Stored with { Slot = SlotState.Exempt, DueAt = whole.Stored.Slot == SlotState.Queued ? registry.Now : whole.Stored.DueAt };
        registry.Operations.Add(acceptance.OperationId, new OperationRow(acceptance.TenantId, acceptance.Workflow.Definition, TraceContext.Current)
        {
            Stored = new StoredOperation(
                OperationState.Accepted, null, acceptance.NeedsSlot ? null : registry.Now + StartAgain, acceptance.NeedsSlot ? SlotState.Queued : SlotState.Exempt),
            Priority = acceptance.Priority,
            SlotSince = registry.Now,
        });
        registry.Operations[acceptance.OperationId].History.Add(HistoryEvents.Accepted);
        foreach (var scope in acceptance.Scopes)
            registry.Scopes.Add(scope, acceptance.OperationId);
        if (acceptance.Key is { } key)
            registry.Keys.Add((acceptance.Caller, key.Text), new KnownCommand(key.CommandHash, acceptance.OperationId, acceptance.TenantId));
        if (!acceptance.NeedsSlot)
        {
            var message = new OutboxMessage(Guid.CreateVersion7(), Endpoints.Operations, new OperationSubmitted { OperationId = acceptance.OperationId }, TraceContext.Current);
            registry.Messages.Add(message.Id, new OutboxRow(message.Type, message.Queue, message.Body, message.TraceParent) { ClaimedUntil = DateTimeOffset.MinValue });
        }

        return null;
    }

    private ScopeHolder? Holder(IEnumerable<string> scopes) => scopes.Order(StringComparer.Ordinal).Where(registry.Scopes.ContainsKey)
        .Select(scope => new ScopeHolder(scope, registry.Scopes[scope], registry.Operations[registry.Scopes[scope]].Workflow.Kind)).FirstOrDefault();
}
