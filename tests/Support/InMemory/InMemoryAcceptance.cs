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
        if (acceptance.ReplayOf is { } ended && registry.Operations.Values.Any(o => o.ReplayOf == ended.Id && o.Stored.State is not (OperationState.Compensated or OperationState.Cancelled)))
            return new AcceptanceConflict.Replayed(ended.Id);
        if (acceptance.Key is { } taken && registry.Keys.ContainsKey((acceptance.Caller, taken.Text)))
            throw new PostgresException("The key is taken.", "ERROR", "ERROR", PostgresErrorCodes.UniqueViolation);
        var holder = Holder(acceptance.Scopes);
        if (holder is not null && acceptance.Wait is null)
            return new AcceptanceConflict.ScopeTaken(holder);

        if (acceptance.ParentId is { } begun && registry.Operations[begun] is { Stored.Slot: not (SlotState.Exempt or SlotState.Waiting) } whole)
            whole.Stored = whole.Stored with { Slot = SlotState.Exempt, DueAt = whole.Stored.Slot == SlotState.Queued ? registry.Now : whole.Stored.DueAt };
        registry.Operations.Add(acceptance.OperationId, new OperationRow(acceptance.TenantId, acceptance.Workflow.Definition, TraceContext.Current)
        {
            Stored = new StoredOperation(
                OperationState.Accepted, null, acceptance.NeedsSlot || holder is not null ? null : registry.Now + StartAgain,
                holder is not null ? SlotState.Waiting : acceptance.NeedsSlot ? SlotState.Queued : SlotState.Exempt),
            RequestedBy = acceptance.Caller,
            ReplayOf = acceptance.ReplayOf?.Id,
            CreatedAt = acceptance.At,
            Input = acceptance.Input,
            Priority = acceptance.Priority,
            SlotSince = registry.Now,
        });
        registry.Operations[acceptance.OperationId].History.Add(HistoryEvents.Accepted);
        if (holder is not null)
        {
            registry.ScopeQueue.Add(new WaitRow(acceptance.OperationId, acceptance.Scopes, acceptance.NeedsSlot, acceptance.At) { ExpiresAt = acceptance.Wait!.ExpiresAt });
            registry.Operations[acceptance.OperationId].History.Add(HistoryEvents.ScopeAwaited);
        }

        foreach (var scope in holder is null ? acceptance.Scopes : [])
            registry.Scopes.Add(scope, acceptance.OperationId);
        if (acceptance.Key is { } key)
            registry.Keys.Add((acceptance.Caller, key.Text), new KnownCommand(key.CommandHash, acceptance.OperationId, acceptance.TenantId));
        if (!acceptance.NeedsSlot && holder is null)
        {
            var message = new OutboxMessage(registry.NewId(), Endpoints.Operations, new OperationSubmitted { OperationId = acceptance.OperationId }, TraceContext.Current);
            registry.Messages.Add(message.Id, new OutboxRow(message.Type, message.Queue, message.Body, message.TraceParent) { ClaimedUntil = DateTimeOffset.MinValue });
        }

        return null;
    }

    private ScopeHolder? Holder(IEnumerable<string> scopes)
    {
        var ordered = scopes.Order(StringComparer.Ordinal).ToList();
        return ordered.Where(registry.Scopes.ContainsKey)
            .Select(scope => new ScopeHolder(scope, registry.Scopes[scope], registry.Operations[registry.Scopes[scope]].Workflow.Kind)).FirstOrDefault()
            ?? ordered.SelectMany(scope => registry.ScopeQueue.Where(w => !w.Refusing && w.Scopes.Contains(scope)).Take(1)
                .Select(w => new ScopeHolder(scope, w.Operation, registry.Operations[w.Operation].Workflow.Kind) { Waits = true })).FirstOrDefault();
    }
}
