using Saga.Engine.Admission;
using Saga.Engine.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_let_an_operation_wait_for_a_slot_without_a_message_and_a_due_time()
    {
        var operation = await QueueAsync();

        var loaded = await LoadAsync(operation);
        (loaded.Stored.Slot, loaded.Stored.DueAt).ShouldBe((SlotState.Queued, null));
        (await ClaimAsync(OutboxPart.Fresh)).Count.ShouldBe(0);
        (await World.Sweep.ListUnfinishedAsync(default)).ShouldBeEmpty();
        World.Advance(TimeSpan.FromDays(1));
        (await SweepAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_admit_in_the_order_of_arrival_as_many_as_slots_are_free()
    {
        var queued = await QueueAsync(4);

        (await AdmitAsync(2)).ShouldBe(queued.Take(2), ignoreOrder: true);
        (await AdmitAsync(2)).ShouldBeEmpty();
        (await World.Admission.ReadAsync(2, default)).ShouldBe(new(Slots: 2, Used: 2, Waiting: 2));
        (await AdmitAsync(3)).ShouldBe([queued[2]]);
        (await AdmitAsync(1)).ShouldBeEmpty("fewer slots exist than are used");
    }

    [Fact]
    public async Task Should_wake_an_admitted_operation_again_when_its_wake_was_lost()
    {
        var operation = await QueueAsync();
        await AdmitAsync(1);

        (await SweepAsync()).ShouldBeEmpty();
        World.Advance(PutOff + TimeSpan.FromSeconds(1));
        (await SweepAsync()).ShouldBe([operation]);
    }

    [Fact]
    public async Task Should_share_slots_among_the_classes_by_weight()
    {
        var batch = await QueueAsync(15, OperationPriority.Batch);
        var scheduled = await QueueAsync(15, OperationPriority.Scheduled);
        var interactive = await QueueAsync(15);

        var admitted = await AdmitAsync(12);

        admitted.Order().ShouldBe(interactive.Take(8).Concat(scheduled.Take(3)).Concat(batch.Take(1)).Order());
    }

    [Fact]
    public async Task Should_give_the_share_of_a_class_that_has_nothing_to_do_to_the_others()
    {
        var batch = await QueueAsync(5, OperationPriority.Batch);

        (await AdmitAsync(4)).Order().ShouldBe(batch.Take(4).Order());
    }

    [Fact]
    public async Task Should_admit_one_that_comes_back_before_one_that_never_had_a_slot()
    {
        var waits = await QueueAsync();
        await AdmitAsync(1);
        var others = await QueueAsync(2);
        await CommitAsync(Change(waits) with { Row = new StoredOperation(OperationState.Running, null, (await NowAsync()).AddSeconds(5), SlotState.Released) });

        (await AdmitAsync(1)).ShouldBe([others[0]], "it gave its slot back");
        World.Advance(TimeSpan.FromSeconds(6));
        (await World.Sweep.TakeDueAsync(200, PutOff, default)).Queued.ShouldBe(1);
        (await AdmitAsync(2)).ShouldBe([waits]);
        (await AdmitAsync(3)).ShouldBe([others[1]]);
    }

    [Fact]
    public async Task Should_leave_out_a_waiting_operation_that_a_transition_has_locked()
    {
        var queued = await QueueAsync(2);
        await using var session = World.Transitions.OpenSession();
        await using (await session.BeginAsync([new OperationMessage(queued[0], Guid.NewGuid())], default))
            (await AdmitAsync(5)).ShouldBe([queued[1]]);

        (await AdmitAsync(5)).ShouldBe([queued[0]]);
    }

    [Theory]
    [InlineData(OperationState.Stalled)]
    [InlineData(OperationState.Compensating)]
    public async Task Should_not_count_one_that_is_undone_or_waits_for_an_operator(OperationState state)
    {
        var queued = await QueueAsync(2);
        await AdmitAsync(1);
        await CommitAsync(Change(queued[0]) with { Row = new StoredOperation(state, null, null) });

        (await AdmitAsync(1)).ShouldBe([queued[1]]);
    }

    [Fact]
    public async Task Should_never_admit_more_than_the_free_slots_although_many_admit_at_once()
    {
        await QueueAsync(40);
        for (var slots = 3; slots <= 30; slots += 3)
        {
            var most = slots;
            var admitted = await TogetherAsync(6, _ => AdmitAsync(most));

            admitted.SelectMany(a => a).Distinct().Count().ShouldBe(3, $"with {slots} slots");
            admitted.Sum(a => a.Count).ShouldBe(3, $"with {slots} slots");
        }
    }

    [Fact]
    public async Task Should_never_have_more_at_work_than_slots_while_operations_end()
    {
        const int Slots = 3;
        const int Operations = 40;
        await QueueAsync(Operations);
        var (atWork, most, ended) = (0, 0, 0);

        await TogetherAsync(4, async index =>
        {
            while (Volatile.Read(ref ended) < Operations)
            {
                var admitted = await AdmitAsync(Slots);
                Max(ref most, Interlocked.Add(ref atWork, admitted.Count));
                (await World.Admission.ReadAsync(Slots, default)).Used.ShouldBeLessThanOrEqualTo(Slots);
                foreach (var operation in admitted)
                {
                    // Before the commit, because after it another operation may get the slot.
                    Interlocked.Decrement(ref atWork);
                    await CommitAsync(Change(operation) with { Row = new StoredOperation(OperationState.Completed, null, null, SlotState.Released) });
                    Interlocked.Increment(ref ended);
                }
            }

            return index;
        });

        most.ShouldBeInRange(1, Slots);
        (await World.Admission.ReadAsync(Slots, default)).ShouldBe(new(Slots, Used: 0, Waiting: 0));

        static void Max(ref int most, int value)
        {
            for (var seen = Volatile.Read(ref most); seen < value; seen = Volatile.Read(ref most))
                Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    [Fact]
    public async Task Should_have_fewer_slots_after_an_overload_and_grow_back_by_the_ports_clock()
    {
        await QueueAsync(20);
        await World.Admission.ReportOverloadAsync(16, default);
        await World.Admission.ReportOverloadAsync(16, default);

        (await World.Admission.ReadAsync(16, default)).Slots.ShouldBe(8, "one cut shows its effect before the next");
        (await AdmitAsync(16)).Count.ShouldBe(8);
        World.Advance(2 * SlotLimit.Recovery);
        (await World.Admission.ReadAsync(16, default)).Slots.ShouldBe(10);
        await World.Admission.ReportOverloadAsync(16, default);
        (await World.Admission.ReadAsync(16, default)).Slots.ShouldBe(5);
        World.Advance(TimeSpan.FromHours(1));
        (await World.Admission.ReadAsync(16, default)).Slots.ShouldBe(16);
    }

    private async Task<Guid> QueueAsync(OperationPriority priority = OperationPriority.Interactive)
    {
        var acceptance = New() with { Priority = priority };
        (await AcceptAsync(acceptance)).ShouldBeNull();
        return acceptance.OperationId;
    }

    private async Task<List<Guid>> QueueAsync(int count, OperationPriority priority = OperationPriority.Interactive)
    {
        var queued = new List<Guid>();
        for (var i = 0; i < count; i++)
            queued.Add(await QueueAsync(priority));
        return queued;
    }

    private async Task<IReadOnlyList<Guid>> AdmitAsync(int slots) => [.. (await World.Admission.AdmitAsync(slots, PutOff, default)).Operations.Select(o => o.Id)];
}
