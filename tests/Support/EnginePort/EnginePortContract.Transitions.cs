using System.Text.Json;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_load_an_accepted_operation()
    {
        var operation = await World.AcceptAsync(Workflow);

        var loaded = await LoadAsync(operation);

        loaded.Id.ShouldBe(operation);
        loaded.TenantId.ShouldNotBeNull();
        loaded.Stored.State.ShouldBe(OperationState.Accepted);
        loaded.Stored.DueAt.ShouldNotBeNull("its first message may be lost");
        loaded.Seen.ShouldBeFalse();
        loaded.Workflow.Steps.Select(s => s.Name).ShouldBe(["one", "two"]);
        loaded.Steps.Select(s => (s.Name, s.Status, s.Fence)).ShouldBe([("one", StepStatus.Pending, 0L), ("two", StepStatus.Pending, 0L)]);
    }

    [Fact]
    public async Task Should_find_no_operation_that_is_not_there()
    {
        await using var session = World.Transitions.OpenSession();
        var nobody = Guid.CreateVersion7();
        await using var batch = await session.BeginAsync([new OperationMessage(nobody, Guid.NewGuid())], default);

        batch.Find(nobody).ShouldBeNull();
    }

    [Fact]
    public async Task Should_store_times_in_whole_microseconds()
    {
        var operation = await World.AcceptAsync(Workflow);
        var at = (await NowAsync()).AddSeconds(5);
        var later = at.AddTicks(TimeSpan.TicksPerMicrosecond - 1);

        await CommitAsync(Change(operation, new StepChange(
            new StepRun
            {
                Name = "one", Status = StepStatus.Running, Fence = 1, Attempt = 1, StartedAt = later, DispatchedAt = later, DueAt = later, Deadline = later, FinishedAt = later,
                UncertainAt = later, DeferredSince = later,
            }, null)) with { Row = new StoredOperation(OperationState.Running, null, later) });

        var loaded = await LoadAsync(operation);
        var step = loaded.Steps.Single(s => s.Name == "one");
        new[] { loaded.Stored.DueAt, step.StartedAt, step.DispatchedAt, step.DueAt, step.Deadline, step.FinishedAt, step.UncertainAt, step.DeferredSince }.ShouldAllBe(t => t == at);
    }

    [Fact]
    public async Task Should_show_all_of_a_committed_transition()
    {
        var operation = await World.AcceptAsync(Workflow);
        var now = await NowAsync();
        var failure = new Failure { Code = "busy", Message = "It is busy.", Kind = FailureKind.Transient };
        var step = new StepRun
        {
            Name = "one", Status = StepStatus.Waiting, Fence = 3, Attempt = 2, StartedAt = now, DispatchedAt = now.AddSeconds(1), DueAt = now.AddSeconds(2),
            Deadline = now.AddHours(1), FinishedAt = null, Failure = failure, DeferredBy = "keycloak", Output = JsonSerializer.SerializeToElement(new { id = 7 }),
        };
        var message = Message();
        await CommitAsync(new OperationChange
        {
            OperationId = operation,
            MessageId = Guid.NewGuid(),
            Row = new StoredOperation(OperationState.Running, failure, now.AddSeconds(2)),
            Steps = [new StepChange(step, null)],
            History = [new HistoryLine("started"), new HistoryLine("stepFailed", "one", 2, 3, new { failure })],
            Messages = [message],
        });

        var loaded = await LoadAsync(operation);
        loaded.Stored.ShouldBe(new StoredOperation(OperationState.Running, failure, now.AddSeconds(2)));
        loaded.Steps[0].ShouldBe(step with { Output = loaded.Steps[0].Output });
        loaded.Steps[0].Output!.Value.GetProperty("id").GetInt32().ShouldBe(7);
        loaded.Steps[1].Status.ShouldBe(StepStatus.Pending);
        (await World.HistoryAsync(operation)).ShouldBe(["started", "stepFailed:one"]);
        World.Advance(Claim + TimeSpan.FromSeconds(1));
        (await ClaimAsync(OutboxPart.Overdue)).Messages.Single().ShouldBe(message);
    }

    [Fact]
    public async Task Should_show_nothing_of_a_batch_that_was_not_committed()
    {
        var operation = await World.AcceptAsync(Workflow);
        var before = await LoadAsync(operation);

        await using (var session = World.Transitions.OpenSession())
        await using (await session.BeginAsync([new OperationMessage(operation, Guid.NewGuid())], default))
        {
        }

        (await LoadAsync(operation)).Stored.ShouldBe(before.Stored);
    }

    [Fact]
    public async Task Should_write_nothing_of_a_batch_when_one_change_fails()
    {
        var (good, bad) = (await World.AcceptAsync(Workflow), await World.AcceptAsync(Workflow));
        var taken = Message();
        await WriteAsync(taken);
        var fine = Change(good, Dispatched(1)) with { Row = new StoredOperation(OperationState.Running, null, null), Messages = [Message()] };
        await using var session = World.Transitions.OpenSession();
        await using (var batch = await session.BeginAsync([new OperationMessage(good, fine.MessageId), new OperationMessage(bad, Guid.NewGuid())], default))
        {
            // The id of an existing message.
            await Should.ThrowAsync<Exception>(() => batch.CommitAsync([fine, Change(bad) with { Messages = [taken] }], [], Claim, default));
        }

        var loaded = await LoadAsync(good, fine.MessageId);
        loaded.Stored.State.ShouldBe(OperationState.Accepted);
        loaded.Steps.ShouldAllBe(s => s.Status == StepStatus.Pending);
        loaded.Seen.ShouldBeFalse();
        (await World.HistoryAsync(good)).ShouldBeEmpty();
        World.Advance(Claim + TimeSpan.FromSeconds(1));
        (await ClaimAsync(OutboxPart.Overdue)).Messages.Select(m => m.Id).ShouldBe([taken.Id]);
        // The same session can be used again.
        await using var next = await session.BeginAsync([new OperationMessage(good, fine.MessageId)], default);
        await next.CommitAsync([fine], [], Claim, default);
        (await LoadAsync(good)).Stored.State.ShouldBe(OperationState.Running);
    }

    [Fact]
    public async Task Should_know_a_message_that_changed_something_again()
    {
        var operation = await World.AcceptAsync(Workflow);
        var change = Change(operation);
        await CommitAsync(change);

        (await LoadAsync(operation, change.MessageId)).Seen.ShouldBeTrue();
        (await LoadAsync(operation)).Seen.ShouldBeFalse();
        (await LoadAsync(await World.AcceptAsync(Workflow), change.MessageId)).Seen.ShouldBeFalse("another operation has not seen it");
    }

    [Fact]
    public async Task Should_not_record_a_message_without_a_line_of_history()
    {
        var operation = await World.AcceptAsync(Workflow);
        var change = Change(operation) with { History = [], Row = new StoredOperation(OperationState.Accepted, null, null) };
        await CommitAsync(change);

        (await LoadAsync(operation, change.MessageId)).Seen.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_let_one_batch_at_a_time_have_an_operation()
    {
        var operation = await World.AcceptAsync(Workflow);
        await using var first = World.Transitions.OpenSession();
        await using var second = World.Transitions.OpenSession();
        var held = await first.BeginAsync([new OperationMessage(operation, Guid.NewGuid())], default);
        var waiting = second.BeginAsync([new OperationMessage(operation, Guid.NewGuid())], default);

        // Other operations are not locked.
        (await LoadAsync(await World.AcceptAsync(Workflow))).ShouldNotBeNull();
        waiting.IsCompleted.ShouldBeFalse();
        await held.CommitAsync([Change(operation, Dispatched(7))], [], Claim, default);
        await held.DisposeAsync();

        await using var got = await waiting;
        got.Find(operation)!.Steps[0].Fence.ShouldBe(7);
    }

    [Fact]
    public async Task Should_lose_no_transition_of_many_at_once()
    {
        var operations = new[] { await World.AcceptAsync(Workflow), await World.AcceptAsync(Workflow), await World.AcceptAsync(Workflow) };
        const int Sessions = 6;
        const int Rounds = 15;

        await TogetherAsync(Sessions, async index =>
        {
            await using var session = World.Transitions.OpenSession();
            // Each in a different order.
            var mine = operations.OrderBy(_ => Guid.NewGuid()).ToList();
            for (var round = 0; round < Rounds; round++)
            {
                await using var batch = await session.BeginAsync([.. mine.Select(o => new OperationMessage(o, Guid.NewGuid()))], default);
                await batch.CommitAsync([.. mine.Select(o => Change(o, Dispatched(batch.Find(o)!.Steps[0].Fence + 1)))], [], Claim, default);
            }

            return index;
        });

        foreach (var operation in operations)
        {
            (await LoadAsync(operation)).Steps[0].Fence.ShouldBe(Sessions * Rounds);
            (await World.HistoryAsync(operation)).Count.ShouldBe(Sessions * Rounds);
        }
    }

    [Fact]
    public async Task Should_record_a_message_once_when_it_comes_twice_at_the_same_moment()
    {
        for (var round = 0; round < 20; round++)
        {
            var operation = await World.AcceptAsync(Workflow);
            var message = Guid.NewGuid();
            var changed = await TogetherAsync(2, async _ =>
            {
                await using var session = World.Transitions.OpenSession();
                await using var batch = await session.BeginAsync([new OperationMessage(operation, message)], default);
                if (batch.Find(operation)!.Seen)
                    return false;
                await batch.CommitAsync([Change(operation) with { MessageId = message }], [], Claim, default);
                return true;
            });

            changed.Count(c => c).ShouldBe(1, $"round {round}");
            (await World.HistoryAsync(operation)).Count.ShouldBe(1);
        }
    }
}
