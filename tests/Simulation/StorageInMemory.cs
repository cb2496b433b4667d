using Saga.Engine.Operations;
using Saga.Registry.Outbox;
using Saga.Tests.Support.InMemory;

namespace Saga.Tests.Simulation;

/// <summary>The storage in memory. Every call of it ends at once.</summary>
internal sealed class StorageInMemory : SimulatedStorage
{
    private readonly InMemoryRegistry registry;

    public StorageInMemory(SimulatedTime time, Func<Guid> newId)
        : this(time, new InMemoryRegistry(time) { NewId = newId })
    {
    }

    private StorageInMemory(SimulatedTime time, InMemoryRegistry registry)
        : base(time, registry) => this.registry = registry;

    public override TimeSpan Offset
    {
        get => registry.Offset;
        set => registry.Offset = value;
    }

    public override IReadOnlySet<Guid> Locked => registry.Locked;

    public override IReadOnlyDictionary<string, Guid> Scopes => registry.Scopes;

    public override IReadOnlyList<WaitRow> ScopeQueue => registry.ScopeQueue;

    public override int Messages => registry.Messages.Count;

    public override IReadOnlyList<StoredBatchRow> Batches =>
    [
        .. registry.Batches.Values.Select(b => new StoredBatchRow(b.Read(), b.Closed, b.NextItemAt, b.ClaimedUntil)
        {
            Items = [.. b.Items.Select(i => new StoredItemRow(i.Item, i.ExpectsUndone, i.OrderedAt is not null))],
        }),
    ];

    public override SlotState SlotOf(Guid operation) => registry.Operations[operation].Stored.Slot;

    public override StoredRows Read() => new()
    {
        Operations = [.. registry.Operations.Select(o => new StoredOperationRow(o.Key, o.Value.Stored, o.Value.SlotReturns, o.Value.SlotSince, o.Value.History))],
        Steps =
        [
            .. registry.Steps.Select(s => new StoredStepRow(s.Key.Operation, s.Value.Load(s.Value.Idle))
            {
                Settled = s.Value.Settled, Holder = s.Value.Holder, HeldFence = s.Value.HeldFence, ExpiresAt = s.Value.ExpiresAt, LostAt = s.Value.LostAt,
                AttemptEndsAt = s.Value.AttemptEndsAt, WatchedUntil = s.Value.WatchedUntil, Idle = s.Value.Idle,
            }),
        ],
        Scopes = registry.Scopes,
        ScopeQueue = registry.ScopeQueue,
        Messages =
        [
            .. registry.Messages.Select(m => new StoredMessageRow(
                m.Key, m.Value.Type, m.Value.Queue, m.Value.Body, m.Value.ClaimedUntil == DateTimeOffset.MinValue ? null : m.Value.ClaimedUntil)),
        ],
        Batches = Batches,
        Beat = (registry.Beat, registry.Idle),
    };

    public override void Add(OutboxMessage message) => registry.Add(message.Id, message.Type, message.Queue, message.Body, null);

    public override void Forget(Guid operation) => registry.Operations[operation].Stored = registry.Operations[operation].Stored with { DueAt = null };

    public override void Keep(string scope, Guid operation) => registry.Scopes.TryAdd(scope, operation);

    public override void FreeScopes() => registry.Scopes.Clear();

    public override void Synchronize()
    {
    }

    public override void RunUntil(Func<bool> done)
    {
        if (!done())
            throw new InvalidOperationException("A call of the storage did not end at once: something waits for an operation that a transaction has locked.");
    }
}
