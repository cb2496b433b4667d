using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Registry;
using Saga.Registry.Admission;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;
using Saga.Registry.Sweep;
using Saga.Registry.Transitions;
using Saga.Registry.Waits;
using Saga.Tests.Support.EnginePort;
using Saga.Tests.Support.InMemory;

namespace Saga.Tests.Simulation;

/// <summary>The product's stores on PostgreSQL, whose clock is the simulation's.</summary>
internal sealed class StorageInSql : SimulatedStorage
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly SimulatedTime time;
    private readonly SimulatedDatabase database;
    private readonly RegistryClock clock;
    private readonly SqlLocks transitions;
    private DateTimeOffset written = DateTimeOffset.MinValue;

    public StorageInSql(SimulatedTime time, Func<Guid> newId, SimulatedDatabase database)
        : this(time, newId, database, new())
    {
    }

    private StorageInSql(SimulatedTime time, Func<Guid> newId, SimulatedDatabase database, RegistryClock clock)
        : base(time, new SqlEnginePort(database.Registry, clock, lockMilliseconds: 10_000))
    {
        (this.time, this.database, this.clock) = (time, database, clock);
        var ids = new SqlMessageIds(database.Registry, newId);
        transitions = new(base.Transitions);
        Acceptances = new SqlMessageIds.Acceptances(base.Acceptances, ids);
        ScopeWaits = new SqlMessageIds.ScopeWaits(base.ScopeWaits, ids);
        Operators = new SqlMessageIds.Operators(base.Operators, ids);
    }

    public override ITransitionStore Transitions => transitions;

    public override IAcceptanceStore Acceptances { get; }

    public override IScopeWaitStore ScopeWaits { get; }

    public override IOperatorPort Operators { get; }

    public override TimeSpan Offset
    {
        get => clock.Offset;
        set => clock.Offset = value;
    }

    public override IReadOnlySet<Guid> Locked => transitions.Locked;

    public override IReadOnlyDictionary<string, Guid> Scopes =>
        database.Query("select scope, operation_id from operation_scopes", r => (Scope: r.GetString(0), Holder: r.GetGuid(1))).ToDictionary(s => s.Scope, s => s.Holder, StringComparer.Ordinal);

    public override IReadOnlyList<WaitRow> ScopeQueue => database.Query(
        "select operation_id, scopes, needs_slot, since, expires_at, refusing from operation_scope_waits order by position",
        r => new WaitRow(r.GetGuid(0), r.GetFieldValue<string[]>(1), r.GetBoolean(2), r.GetFieldValue<DateTimeOffset>(3)) { ExpiresAt = Time(r, 4), Refusing = r.GetBoolean(5) });

    public override int Messages => database.Query("select count(*)::int from outbox", r => r.GetInt32(0))[0];

    public override IReadOnlyList<StoredBatchRow> Batches
    {
        get
        {
            // What is read here comes after the columns that the product reads.
            var items = database.Query(
                $"select {BatchStore.ItemColumns}, i.expects = 'undone', i.ordered_at is not null from batch_items i order by i.batch_id, i.number",
                r => new StoredItemRow(BatchStore.ReadItem(r), r.GetBoolean(r.FieldCount - 2), r.GetBoolean(r.FieldCount - 1))).ToLookup(i => i.Item.BatchId);
            return database.Query(
                $"select {BatchStore.Columns}, b.closed, b.next_item_at, b.claimed_until from batches b order by b.id",
                r => BatchStore.Read(r) is var batch ? new StoredBatchRow(batch, r.GetBoolean(r.FieldCount - 3), Time(r, r.FieldCount - 2), Time(r, r.FieldCount - 1)) { Items = [.. items[batch.Id]] } : null!);
        }
    }

    public override SlotState SlotOf(Guid operation) =>
        database.Query("select slot from operations where id = $1", r => Slots.Read(r.GetString(0)), new NpgsqlParameter<Guid> { TypedValue = operation })[0];

    public override StoredRows Read()
    {
        var history = database.Query("select operation_id, event || coalesce(':' || step, '') from operation_history order by id", r => (Operation: r.GetGuid(0), Line: r.GetString(1)))
            .ToLookup(h => h.Operation, h => h.Line);
        return new()
        {
            Operations = database.Query(
                "select id, state, failure, next_due_at, slot, cancellation, slot_returns, slot_since from operations",
                r => new StoredOperationRow(
                    r.GetGuid(0),
                    new(UnreadableRows.StateOf(r.GetString(1)), FromJson<Failure>(r, 2), Time(r, 3), Slots.Read(r.GetString(4))) { Cancellation = FromJson<Cancellation>(r, 5) },
                    r.GetBoolean(6), r.GetFieldValue<DateTimeOffset>(7), [.. history[r.GetGuid(0)]])),
            Steps = ReadSteps(),
            Scopes = Scopes,
            ScopeQueue = ScopeQueue,
            Messages = database.Query(
                "select message_id, message_type, destination, body, nullif(claimed_until, '-infinity') from outbox",
                r => new StoredMessageRow(r.GetGuid(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2), r.GetString(3), Time(r, 4))),
            Batches = Batches,
            Beat = database.Query("select beat_at, idle from engine_clock", r => (Time(r, 0), r.GetFieldValue<TimeSpan>(1)))[0],
        };
    }

    public override void Add(OutboxMessage message) => database.Execute(
        "insert into outbox (message_id, message_type, destination, body, claimed_until) values ($1, $2, $3, $4, '-infinity')",
        new NpgsqlParameter<Guid> { TypedValue = message.Id }, new NpgsqlParameter<string> { TypedValue = message.Type },
        new NpgsqlParameter { Value = (object?)message.Queue ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }, new NpgsqlParameter<string> { TypedValue = message.Body });

    public override void Forget(Guid operation) => database.Execute("update operations set next_due_at = null where id = $1", new NpgsqlParameter<Guid> { TypedValue = operation });

    public override void Keep(string scope, Guid operation) => database.Execute(
        "insert into operation_scopes (scope, operation_id) values ($1, $2) on conflict do nothing",
        new NpgsqlParameter<string> { TypedValue = scope }, new NpgsqlParameter<Guid> { TypedValue = operation });

    public override void FreeScopes() => database.Execute("delete from operation_scopes");

    public override void Synchronize()
    {
        if (time.Now == written)
            return;
        database.Execute("update sim.clock set at = $1", new NpgsqlParameter<DateTimeOffset> { TypedValue = time.Now });
        written = time.Now;
    }

    public override void RunUntil(Func<bool> done)
    {
        if (!database.Pump.RunUntil(done, Patience))
            throw new InvalidOperationException($"A call of the storage did not end within {Patience.TotalSeconds:0} s.");
    }

    private List<StoredStepRow> ReadSteps()
    {
        var leases = database.Query(
            "select operation_id, step, settled, holder, held_fence, expires_at, lost_at, attempt_ends_at, watched_until from operation_steps",
            r => (Key: (r.GetGuid(0), r.GetString(1)), Settled: r.GetBoolean(2), Holder: r.IsDBNull(3) ? (Guid?)null : r.GetGuid(3), HeldFence: r.IsDBNull(4) ? (long?)null : r.GetInt64(4),
                ExpiresAt: Time(r, 5), LostAt: Time(r, 6), AttemptEndsAt: Time(r, 7), WatchedUntil: Time(r, 8))).ToDictionary(l => l.Key);
        var operations = database.Query("select id from operations", r => r.GetGuid(0));
        return database.Query(StepRows.Select(operations), r =>
        {
            var (operation, step, idle) = StepRows.Read(r);
            var lease = leases[(operation, step.Name)];
            return new StoredStepRow(operation, step)
            {
                Settled = lease.Settled, Holder = lease.Holder, HeldFence = lease.HeldFence, ExpiresAt = lease.ExpiresAt, LostAt = lease.LostAt,
                AttemptEndsAt = lease.AttemptEndsAt, WatchedUntil = lease.WatchedUntil, Idle = idle,
            };
        });
    }

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    private static T? FromJson<T>(NpgsqlDataReader row, int column)
        where T : class => row.IsDBNull(column) ? null : JsonSerializer.Deserialize<T>(row.GetString(column), Json.Options);
}
