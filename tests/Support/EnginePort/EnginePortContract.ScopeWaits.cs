using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Intake;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    private static readonly ScopeWait Patient = new();

    [Fact]
    public async Task Should_accept_an_operation_that_waits_for_a_taken_scope_and_start_it_by_nothing()
    {
        var (holder, waits) = (New("tenant:a"), New("tenant:a", "server:s") with { NeedsSlot = false, Wait = Patient });
        await AcceptAsync(holder);

        (await AcceptAsync(waits)).ShouldBeNull();

        var loaded = await LoadAsync(waits.OperationId);
        (loaded.Stored.State, loaded.Stored.Slot, loaded.Stored.DueAt).ShouldBe((OperationState.Accepted, SlotState.Waiting, null));
        (await World.HistoryAsync(waits.OperationId)).ShouldBe([HistoryEvents.Accepted, HistoryEvents.ScopeAwaited]);
        (await ClaimAsync(OutboxPart.Fresh)).Count.ShouldBe(0);
        (await HolderAsync("tenant:a")).ShouldBe(holder.OperationId);
        (await World.Sweep.ListUnfinishedAsync(default)).ShouldNotContain(o => o.Id == waits.OperationId);
        (await AdmitAsync(9)).ShouldBe([holder.OperationId]);
        (await GrantAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_start_an_operation_at_once_that_may_wait_and_need_not()
    {
        var free = New("tenant:a") with { NeedsSlot = false, Wait = Patient };

        await AcceptAsync(free);

        (await LoadAsync(free.OperationId)).Stored.Slot.ShouldBe(SlotState.Exempt);
        (await ClaimAsync(OutboxPart.Fresh)).Messages.Single().Message.ShouldBe(new OperationSubmitted { OperationId = free.OperationId });
        (await HolderAsync("tenant:a")).ShouldBe(free.OperationId);
    }

    [Fact]
    public async Task Should_give_a_free_scope_to_those_that_wait_in_the_order_of_their_arrival()
    {
        var holder = New("tenant:a");
        await AcceptAsync(holder);
        var waiting = new[]
        {
            New("tenant:a") with { NeedsSlot = false, Wait = Patient }, New("tenant:a") with { Wait = Patient }, New("tenant:a") with { NeedsSlot = false, Wait = Patient },
        };
        foreach (var next in waiting)
            (await AcceptAsync(next)).ShouldBeNull();

        var ends = holder.OperationId;
        foreach (var next in waiting)
        {
            (await GrantAsync()).ShouldBeEmpty();
            await EndAsync(ends);
            (await GrantAsync()).ShouldBe([next.OperationId]);
            var stored = (await LoadAsync(next.OperationId)).Stored;
            stored.Slot.ShouldBe(next.NeedsSlot ? SlotState.Queued : SlotState.Exempt);
            (stored.DueAt is null).ShouldBe(next.NeedsSlot, "it is due at once, or queues for a slot");
            (await World.HistoryAsync(next.OperationId))[^1].ShouldBe(HistoryEvents.ScopeGranted);
            ends = next.OperationId;
        }
    }

    [Fact]
    public async Task Should_let_no_command_overtake_an_operation_that_waits()
    {
        var (holder, waits, late, later) = (New("tenant:a"), New("tenant:a") with { Wait = Patient }, New("tenant:a"), New("tenant:a") with { Wait = Patient });
        await AcceptAsync(holder);
        await AcceptAsync(waits);
        await EndAsync(holder.OperationId);

        (await AcceptAsync(late)).ShouldBeOfType<AcceptanceConflict.ScopeTaken>().Holder.ShouldBe(new("tenant:a", waits.OperationId, "test") { Waits = true });
        (await AcceptAsync(later)).ShouldBeNull();

        (await World.Acceptances.FindHolderAsync(["tenant:a"], default))!.Waits.ShouldBeTrue();
        (await GrantAsync()).ShouldBe([waits.OperationId]);
    }

    [Fact]
    public async Task Should_give_an_operation_all_of_its_scopes_or_none()
    {
        var (a, b) = (New("tenant:a"), New("tenant:b"));
        await AcceptAsync(a);
        await AcceptAsync(b);
        var (both, single) = (New("tenant:b", "tenant:a") with { Wait = Patient }, New("tenant:a") with { Wait = Patient });
        await AcceptAsync(both);
        await AcceptAsync(single);

        await EndAsync(a.OperationId);
        (await GrantAsync()).ShouldBeEmpty("the first lacks one, and the second came later");
        (await HolderAsync("tenant:a")).ShouldBe(both.OperationId, "it waits for it, and nobody else gets it");
        await EndAsync(b.OperationId);
        (await GrantAsync()).ShouldBe([both.OperationId]);
        await EndAsync(both.OperationId);

        (await GrantAsync()).ShouldBe([single.OperationId]);
    }

    [Fact]
    public async Task Should_grant_once_when_two_orchestrators_look_at_once()
    {
        for (var round = 0; round < 10; round++)
        {
            var holders = Enumerable.Range(0, 4).Select(i => New($"tenant:{round}-{i}")).ToList();
            var waiting = holders.ConvertAll(h => New([.. h.Scopes]) with { NeedsSlot = false, Wait = Patient });
            foreach (var acceptance in holders.Concat(waiting))
                await AcceptAsync(acceptance);
            await CommitAsync([.. holders.Select(h => Change(h.OperationId) with { Row = new StoredOperation(OperationState.Completed, null, null) })]);

            var granted = await TogetherAsync(3, _ => GrantAsync());

            granted.SelectMany(g => g).Order().ShouldBe(waiting.Select(w => w.OperationId).Order(), $"round {round}");
            foreach (var wait in waiting)
                (await HolderAsync(wait.Scopes.Single())).ShouldBe(wait.OperationId);
        }
    }

    [Fact]
    public async Task Should_lose_nobody_when_a_holder_ends_while_others_come_and_are_granted()
    {
        for (var round = 0; round < 10; round++)
        {
            var scope = $"tenant:{round}";
            var holder = New(scope);
            await AcceptAsync(holder);
            var coming = new[] { New(scope) with { NeedsSlot = false, Wait = Patient }, New(scope) with { NeedsSlot = false, Wait = Patient } };

            await TogetherAsync(4, async i =>
            {
                if (i < 2)
                    (await AcceptAsync(coming[i])).ShouldBeNull();
                else if (i == 2)
                    await EndAsync(holder.OperationId);
                else
                    await GrantAsync();
                return true;
            });

            // The fallback of every second.
            await GrantAsync();
            var first = (await HolderAsync(scope)).ShouldNotBeNull();
            coming.Select(c => c.OperationId).ShouldContain(first);
            await EndAsync(first);
            await GrantAsync();
            (await HolderAsync(scope)).ShouldBe(coming.Single(c => c.OperationId != first).OperationId, $"round {round}");
        }
    }

    [Fact]
    public async Task Should_refuse_aloud_once_an_operation_whose_time_is_over_and_give_it_nothing()
    {
        var holder = New("tenant:a");
        await AcceptAsync(holder);
        var now = await NowAsync();
        var (waits, next) = (New("tenant:a") with { Wait = new(now.AddMinutes(5)) }, New("tenant:a") with { Wait = new(now.AddMinutes(10)) });
        await AcceptAsync(waits);
        await AcceptAsync(next);
        (await World.ScopeWaits.RefuseExpiredAsync(9, default)).ShouldBe(0);

        World.Advance(TimeSpan.FromMinutes(6));
        var refused = await TogetherAsync(2, _ => World.ScopeWaits.RefuseExpiredAsync(9, default));

        refused.Sum().ShouldBe(1);
        var messages = (await ClaimAsync(OutboxPart.Fresh)).Messages.Select(m => m.Message).ToList();
        messages.OfType<CommandRefused>().Single().ShouldSatisfyAllConditions(r => r.OperationId.ShouldBe(waits.OperationId), r => r.Code.ShouldBe(ExpiredWaits.Code), r => r.Caller.ShouldBe("ada"));
        messages.OfType<CancellationRequested>().Single().ShouldSatisfyAllConditions(c => c.OperationId.ShouldBe(waits.OperationId), c => c.Code.ShouldBe(ExpiredWaits.Code));

        // The broker may have lost the order, and nothing else ends the operation.
        (await World.ScopeWaits.RefuseExpiredAsync(9, default)).ShouldBe(0, "the order is on its way");
        World.Advance(ExpiredWaits.OrderAgain);
        (await World.ScopeWaits.RefuseExpiredAsync(9, default)).ShouldBe(1);
        (await ClaimAsync(OutboxPart.Fresh)).Messages.ShouldHaveSingleItem().Message.ShouldBeOfType<CancellationRequested>().OperationId.ShouldBe(waits.OperationId);

        await EndAsync(holder.OperationId);
        (await GrantAsync()).ShouldBe([next.OperationId], "the other one is refused");
        await EndAsync(waits.OperationId, OperationState.Cancelled);
        await EndAsync(next.OperationId);
        (await GrantAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_give_no_scope_to_an_operation_that_was_cancelled_while_it_waited()
    {
        var (holder, waits) = (New("tenant:a"), New("tenant:a") with { Wait = Patient });
        await AcceptAsync(holder);
        await AcceptAsync(waits);

        await using (var session = World.Transitions.OpenSession())
        await using (var batch = await session.BeginAsync([new OperationMessage(waits.OperationId, Guid.NewGuid())], default))
        {
            await EndAsync(holder.OperationId);
            (await GrantAsync()).ShouldBeEmpty("its own transition has locked it");
            await batch.CommitAsync([Change(waits.OperationId) with { Row = new StoredOperation(OperationState.Cancelled, null, null, SlotState.Released) }], [], Claim, default);
        }

        (await GrantAsync()).ShouldBeEmpty();
        (await HolderAsync("tenant:a")).ShouldBeNull();
    }

    [Fact]
    public async Task Should_keep_who_cancelled_an_operation_and_whether_its_acceptance_wrote_anything()
    {
        var operation = New("tenant:a");
        await AcceptAsync(operation);
        (await LoadAsync(operation.OperationId)).WroteOnAcceptance.ShouldBeFalse();
        var cancellation = new Cancellation("ada", "It was a mistake.");

        await CommitAsync(Change(operation.OperationId) with { Row = new StoredOperation(OperationState.Compensating, null, null) { Cancellation = cancellation } });

        (await LoadAsync(operation.OperationId)).Stored.Cancellation.ShouldBe(cancellation);
    }

    private async Task<IReadOnlyList<Guid>> GrantAsync()
    {
        var granted = new List<Guid>();
        while (true)
        {
            var more = await World.ScopeWaits.GrantAsync(100, default);
            granted.AddRange(more.Operations);
            if (!more.LookAgain)
                return granted;
        }
    }

    private Task EndAsync(Guid operation, OperationState end = OperationState.Completed) =>
        CommitAsync(Change(operation) with { Row = new StoredOperation(end, null, null, SlotState.Released) });
}
