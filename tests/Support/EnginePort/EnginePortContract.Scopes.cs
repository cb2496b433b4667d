using Npgsql;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_accept_an_operation_with_its_scopes_and_the_message_that_starts_it()
    {
        var acceptance = New("tenant:a", "server:s") with { NeedsSlot = false };

        (await AcceptAsync(acceptance)).ShouldBeNull();

        var loaded = await LoadAsync(acceptance.OperationId);
        (loaded.TenantId, loaded.Stored.State, loaded.Stored.Slot).ShouldBe((null, OperationState.Accepted, SlotState.Exempt));
        loaded.Stored.DueAt.ShouldNotBeNull("its first message may be lost");
        (await World.HistoryAsync(acceptance.OperationId)).ShouldBe([HistoryEvents.Accepted]);
        (await ClaimAsync(OutboxPart.Fresh)).Messages.Single().Message.ShouldBe(new OperationSubmitted { OperationId = acceptance.OperationId });
        (await HolderAsync("tenant:a")).ShouldBe(acceptance.OperationId);
        (await HolderAsync("server:s")).ShouldBe(acceptance.OperationId);
        (await HolderAsync("tenant:b")).ShouldBeNull();
    }

    [Fact]
    public async Task Should_name_the_operation_that_keeps_a_scope_and_write_nothing()
    {
        var (first, second) = (New("tenant:b", "tenant:c"), New("tenant:c", "tenant:a", "tenant:b") with { NeedsSlot = false });
        await AcceptAsync(first);

        (await AcceptAsync(second)).ShouldBe(new AcceptanceConflict.ScopeTaken(new ScopeHolder("tenant:b", first.OperationId, "test")), "the first of them in their order");

        (await LoadAsync(second.OperationId)).ShouldBeNull();
        (await HolderAsync("tenant:a")).ShouldBeNull();
        (await ClaimAsync(OutboxPart.Fresh)).Count.ShouldBe(0);
    }

    [Fact]
    public async Task Should_write_nothing_when_the_command_decides_so()
    {
        (await World.Acceptances.AcceptAsync(null, (_, _) => null, default)).ShouldBeNull();

        (await World.Sweep.ListUnfinishedAsync(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_accept_one_of_many_that_ask_for_the_same_scopes_at_once_in_any_order()
    {
        for (var round = 0; round < 20; round++)
        {
            var (a, b) = ($"tenant:{round}-a", $"tenant:{round}-b");
            var asked = Enumerable.Range(0, 4).Select(i => i % 2 == 0 ? New(a, b) : New(b, a)).ToList();

            var conflicts = await TogetherAsync(asked.Count, i => AcceptAsync(asked[i]));

            conflicts.Count(c => c is null).ShouldBe(1, $"round {round}");
            var winner = asked[Array.IndexOf(conflicts, null)].OperationId;
            conflicts.OfType<AcceptanceConflict>().ShouldAllBe(c => ((AcceptanceConflict.ScopeTaken)c).Holder.OperationId == winner);
            (await HolderAsync(a)).ShouldBe(winner);
            (await HolderAsync(b)).ShouldBe(winner);
        }
    }

    [Fact]
    public async Task Should_start_one_operation_for_a_key_that_comes_twice_at_once()
    {
        for (var round = 0; round < 10; round++)
        {
            var key = new IdempotencyKey($"key-{round}", [1, 2, 3]);
            var asked = new[] { New($"tenant:{round}-a") with { Key = key }, New($"tenant:{round}-b") with { Key = key } };

            var accepted = await TogetherAsync(asked.Length, async i =>
            {
                try
                {
                    return await AcceptAsync(asked[i]) is null;
                }
                catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
                {
                    return false;
                }
            });

            accepted.Count(a => a).ShouldBe(1, $"round {round}");
            var (winner, loser) = accepted[0] ? (asked[0], asked[1]) : (asked[1], asked[0]);
            var known = (await World.Acceptances.FindAsync("ada", key.Text, default))!;
            (known.OperationId, known.TenantId).ShouldBe((winner.OperationId, null));
            known.CommandHash.ShouldBe(key.CommandHash);
            (await World.Acceptances.FindAsync("grace", key.Text, default)).ShouldBeNull("a key is scoped to its caller");
            (await LoadAsync(loser.OperationId)).ShouldBeNull();
            (await HolderAsync(loser.Scopes.Single())).ShouldBeNull();
        }
    }

    [Theory]
    [InlineData(OperationState.Completed)]
    [InlineData(OperationState.Compensated)]
    [InlineData(OperationState.Cancelled)]
    public async Task Should_free_scopes_and_slot_in_the_commit_that_ends_the_operation(OperationState end)
    {
        var (ends, stays) = (New("tenant:a", "server:s"), New("tenant:b"));
        await AcceptAsync(ends);
        await AcceptAsync(stays);
        (await AdmitAsync(2)).Count.ShouldBe(2);

        await CommitAsync(Change(ends.OperationId) with { Row = new StoredOperation(end, null, null) });

        (await HolderAsync("tenant:a")).ShouldBeNull();
        (await HolderAsync("server:s")).ShouldBeNull();
        (await HolderAsync("tenant:b")).ShouldBe(stays.OperationId);
        (await World.Admission.ReadAsync(2, default)).Used.ShouldBe(1);
        var next = New("tenant:a");
        (await AcceptAsync(next)).ShouldBeNull();
        (await AdmitAsync(2)).ShouldBe([next.OperationId]);
    }

    [Fact]
    public async Task Should_keep_the_scopes_of_an_operation_that_has_not_ended()
    {
        var operation = New("tenant:a");
        await AcceptAsync(operation);
        foreach (var state in Enum.GetValues<OperationState>().Where(s => s is not (OperationState.Completed or OperationState.Compensated or OperationState.Cancelled)))
        {
            await CommitAsync(Change(operation.OperationId) with { Row = new StoredOperation(state, null, null) });
            (await HolderAsync("tenant:a")).ShouldBe(operation.OperationId, $"it is {state}");
        }
    }

    [Fact]
    public async Task Should_free_nothing_when_the_commit_fails()
    {
        var operation = New("tenant:a");
        await AcceptAsync(operation);
        await AdmitAsync(1);
        var taken = Message();
        await WriteAsync(taken);
        await using (var session = World.Transitions.OpenSession())
        await using (var batch = await session.BeginAsync([new OperationMessage(operation.OperationId, Guid.NewGuid())], default))
        {
            var change = Change(operation.OperationId) with { Row = new StoredOperation(OperationState.Completed, null, null), Messages = [taken] };
            await Should.ThrowAsync<Exception>(() => batch.CommitAsync([change], [], Claim, default));
        }

        (await HolderAsync("tenant:a")).ShouldBe(operation.OperationId);
        (await AcceptAsync(New("tenant:a"))).ShouldBeOfType<AcceptanceConflict.ScopeTaken>();
        (await World.Admission.ReadAsync(1, default)).Used.ShouldBe(1);
    }

    [Fact]
    public async Task Should_leave_a_scope_to_one_of_those_that_ask_for_it_while_its_holder_ends()
    {
        for (var round = 0; round < 20; round++)
        {
            var scope = $"tenant:{round}";
            var first = New(scope);
            await AcceptAsync(first);
            var next = new[] { New(scope), New(scope) };

            var conflicts = await TogetherAsync(3, async i =>
            {
                if (i < 2)
                    return await AcceptAsync(next[i]);
                await CommitAsync(Change(first.OperationId) with { Row = new StoredOperation(OperationState.Completed, null, null) });
                return null;
            });

            var accepted = next.Where((_, i) => conflicts[i] is null).Select(a => (Guid?)a.OperationId).ToList();
            accepted.Count.ShouldBeLessThanOrEqualTo(1, $"round {round}");
            (await HolderAsync(scope)).ShouldBe(accepted.SingleOrDefault());
        }
    }

    [Fact]
    public async Task Should_let_a_parent_keep_its_scope_and_its_children_theirs()
    {
        var parent = New(OperationScopes.Fleet);
        await AcceptAsync(parent);
        var children = new[] { New("tenant:a") with { ParentId = parent.OperationId }, New("tenant:b") with { ParentId = parent.OperationId } };

        foreach (var child in children)
            (await AcceptAsync(child)).ShouldBeNull();

        (await AcceptAsync(New(OperationScopes.Fleet) with { ParentId = parent.OperationId })).ShouldBeOfType<AcceptanceConflict.ScopeTaken>("a child does not share its parent's");
        await CommitAsync(Change(children[0].OperationId) with { Row = new StoredOperation(OperationState.Completed, null, null) });
        (await HolderAsync("tenant:a")).ShouldBeNull();
        (await HolderAsync("tenant:b")).ShouldBe(children[1].OperationId);
        (await HolderAsync(OperationScopes.Fleet)).ShouldBe(parent.OperationId);
        await CommitAsync(Change(parent.OperationId) with { Row = new StoredOperation(OperationState.Completed, null, null) });
        (await HolderAsync("tenant:b")).ShouldBe(children[1].OperationId, "it runs on");
        (await HolderAsync(OperationScopes.Fleet)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_start_no_part_of_an_operation_that_has_ended_or_is_just_ending()
    {
        var parent = New(OperationScopes.Fleet);
        await AcceptAsync(parent);
        var (late, later) = (New("tenant:a") with { ParentId = parent.OperationId }, New("tenant:b") with { ParentId = parent.OperationId });
        await using var session = World.Transitions.OpenSession();
        var ending = await session.BeginAsync([new OperationMessage(parent.OperationId, Guid.NewGuid())], default);
        var waiting = AcceptAsync(late);

        // Others do not wait for it.
        (await AcceptAsync(New("tenant:c"))).ShouldBeNull();
        waiting.IsCompleted.ShouldBeFalse();
        await ending.CommitAsync([Change(parent.OperationId) with { Row = new StoredOperation(OperationState.Completed, null, null) }], [], Claim, default);
        await ending.DisposeAsync();

        (await waiting).ShouldBe(new AcceptanceConflict.ParentEnded(parent.OperationId));
        (await AcceptAsync(later)).ShouldBe(new AcceptanceConflict.ParentEnded(parent.OperationId));
        (await HolderAsync("tenant:a")).ShouldBeNull();
        var nobody = Guid.CreateVersion7();
        (await AcceptAsync(New("tenant:d") with { ParentId = nobody })).ShouldBe(new AcceptanceConflict.ParentEnded(nobody));
    }

    [Fact]
    public async Task Should_accept_one_replay_of_an_operation_at_a_time_and_none_after_one_that_completed()
    {
        var ended = New("tenant:a");
        await AcceptAsync(ended);
        await CommitAsync(Change(ended.OperationId) with { Row = new StoredOperation(OperationState.Compensated, null, null) });
        Acceptance Replay() => New() with { ReplayOf = new(ended.OperationId, "It is mended.") };
        var refused = new AcceptanceConflict.Replayed(ended.OperationId);

        for (var round = 0; round < 10; round++)
        {
            var asked = new[] { Replay(), Replay(), Replay() };
            var conflicts = await TogetherAsync(asked.Length, i => AcceptAsync(asked[i]));
            conflicts.Count(c => c is null).ShouldBe(1, $"round {round}");
            conflicts.Where(c => c is not null).ShouldAllBe(c => c == refused);
            // One that was undone leaves room for another.
            await CommitAsync(Change(asked[Array.IndexOf(conflicts, null)].OperationId) with { Row = new StoredOperation(OperationState.Compensated, null, null) });
        }

        var last = Replay();
        (await AcceptAsync(last)).ShouldBeNull();
        await CommitAsync(Change(last.OperationId) with { Row = new StoredOperation(OperationState.Completed, null, null) });
        (await AcceptAsync(Replay())).ShouldBe(refused);
    }

    [Fact]
    public async Task Should_refuse_a_replay_for_the_other_replay_and_not_for_its_key()
    {
        var ended = New("tenant:a");
        await AcceptAsync(ended);
        await CommitAsync(Change(ended.OperationId) with { Row = new StoredOperation(OperationState.Compensated, null, null) });
        Acceptance Replay() => New() with { ReplayOf = new(ended.OperationId, "It is mended."), Key = new IdempotencyKey("again", [1]) };
        (await AcceptAsync(Replay())).ShouldBeNull();

        (await AcceptAsync(Replay())).ShouldBe(new AcceptanceConflict.Replayed(ended.OperationId));
    }

    private static Acceptance New(params string[] scopes) => new()
    {
        OperationId = Guid.CreateVersion7(), TenantId = null, Scopes = scopes, Workflow = StoredWorkflow.Of(Workflow), Input = "{}", Caller = "ada",
        At = TimeProvider.System.GetUtcNow(), AuditAction = "test.run", AuditDetail = "{}",
    };

    private Task<AcceptanceConflict?> AcceptAsync(Acceptance acceptance) => World.Acceptances.AcceptAsync(null, (_, _) => acceptance, default);

    private async Task<Guid?> HolderAsync(string scope) => (await World.Acceptances.FindHolderAsync([scope], default))?.OperationId;
}
