using Dapper;
using Saga.Engine.Operations;
using Saga.Registry.Admission;
using Saga.Registry.Sweep;
using Saga.Registry;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Admission;

public sealed class When_slots_are_given_away
{
    [Fact]
    public async Task Should_admit_within_a_class_in_the_order_of_arrival()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var store = new SqlAdmissionStore(registry, new RegistryClock());
        var queued = await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"), 5);
        (await store.AdmitAsync(2)).ShouldBe(queued.Take(2), ignoreOrder: true);
        (await store.AdmitAsync(2)).ShouldBeEmpty();
        (await store.AdmitAsync(3)).ShouldBe([queued[2]]);
    }

    [Fact]
    public async Task Should_share_slots_among_classes_and_starve_none()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var store = new SqlAdmissionStore(registry, new RegistryClock());
        await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"), 20, OperationPriority.Interactive);
        var batch = await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"), 20, OperationPriority.Batch);
        var admitted = await store.AdmitAsync(9);
        admitted.Count.ShouldBe(9);
        admitted.Intersect(batch).ShouldBe([batch[0]]);
    }

    [Fact]
    public async Task Should_never_admit_more_than_there_are_slots_although_many_admit_at_once()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"), 40);
        var stores = Enumerable.Range(0, 8).Select(_ => new SqlAdmissionStore(registry, new RegistryClock())).ToList();
        for (var slots = 3; slots <= 30; slots += 3)
        {
            var rounds = await Task.WhenAll(stores.Select(s => Task.Run(() => s.AdmitAsync(slots, TimeSpan.FromMinutes(1), default))));
            rounds.Sum(r => r.Operations.Count).ShouldBe(3, $"with {slots} slots");
        }
    }

    [Fact]
    public async Task Should_take_back_first_who_gave_a_slot_back()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var store = new SqlAdmissionStore(registry, new RegistryClock());
        var queued = await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"), 2);
        var waits = await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"));
        await using (var connection = await registry.OpenConnectionAsync())
        {
            await connection.ExecuteAsync(
                "update operations set state = 'running', slot = 'released', next_due_at = now() - interval '1 second' where id = @waits", new { waits });
        }

        (await store.AdmitAsync(0)).ShouldBeEmpty();
        var due = await new SqlSweepStore(registry, new RegistryClock()).TakeDueAsync(10, TimeSpan.FromMinutes(1), default);
        due.Queued.ShouldBe(1);
        due.Taken.ShouldBeEmpty();
        (await store.AdmitAsync(1)).ShouldBe([waits]);
        (await store.AdmitAsync(2)).ShouldBe([queued[0]]);
    }

    [Fact]
    public async Task Should_give_fewer_after_an_overload()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var store = new SqlAdmissionStore(registry, new RegistryClock());
        (await store.ReadAsync(24, default)).Slots.ShouldBe(24);
        await store.ReportOverloadAsync(24, default);
        await store.ReportOverloadAsync(24, default);
        (await store.ReadAsync(24, default)).Slots.ShouldBe(12);
        await QueuedOperations.QueueAsync(registry, EngineHost.Chain("one"), 20);
        (await store.AdmitAsync(24)).Count.ShouldBe(12);
    }
}
