using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_move_the_others_of_a_batch_when_one_operation_cannot_be_read()
    {
        var (bad, good) = (await World.AcceptAsync(Workflow), await World.AcceptAsync(Workflow));
        await World.MakeUnreadableAsync(bad);
        await using (var session = World.Transitions.OpenSession())
        await using (var batch = await session.BeginAsync([.. new[] { bad, good }.Select(id => new OperationMessage(id, Guid.NewGuid()))], default))
        {
            batch.Find(bad).ShouldBeNull();
            batch.WhyUnreadable(bad).ShouldNotBeNull().ShouldContain("levitating");
            batch.WhyUnreadable(good).ShouldBeNull();
            await batch.CommitAsync([Change(good) with { Row = new StoredOperation(OperationState.Running, null, null) }], [], Claim, default);
        }

        (await LoadAsync(good)).Stored.State.ShouldBe(OperationState.Running);
        (await World.Admission.ReadAsync(2, default)).Used.ShouldBe(1, "it uses no slot meanwhile");
        World.Advance(TimeSpan.FromHours(1));
        await ComesBackAsync(bad, "it is postponed, not lost");
    }

    [Fact]
    public async Task Should_postpone_what_cannot_be_read_twice_as_long_each_time_up_to_an_hour()
    {
        var bad = await World.AcceptAsync(Workflow);
        await World.MakeUnreadableAsync(bad);
        foreach (var seconds in new[] { 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600 })
        {
            await CommitWhatIsReadableAsync(bad);
            World.Advance(TimeSpan.FromSeconds(seconds - 4));
            (await World.Sweep.TakeDueAsync(200, PutOff, default)).Count.ShouldBe(0, $"{seconds} s are not over");
            World.Advance(TimeSpan.FromSeconds(5));
            await ComesBackAsync(bad, $"{seconds} s are over");
        }
    }

    [Fact]
    public async Task Should_resume_a_postponed_operation_as_soon_as_it_can_be_read()
    {
        var bad = await World.AcceptAsync(Workflow);
        await World.MakeUnreadableAsync(bad);
        await CommitWhatIsReadableAsync(bad);
        var left = await World.Unreadable.TryAgainAsync(default);
        left.Keys.ShouldBe([bad]);
        left[bad].ShouldContain("levitating");
        (await World.Sweep.TakeDueAsync(200, PutOff, default)).Count.ShouldBe(0);

        await World.MakeReadableAsync(bad);

        (await World.Unreadable.TryAgainAsync(default)).ShouldBeEmpty();
        await ComesBackAsync(bad, "it is due now");
        (await World.Unreadable.TryAgainAsync(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_deliver_a_report_again_that_nobody_could_apply()
    {
        var bad = await World.AcceptAsync(Workflow);
        await World.MakeUnreadableAsync(bad);
        await CommitWhatIsReadableAsync(bad);
        var report = new StepSucceeded { OperationId = bad, Step = "one", Fence = 1 };

        // A relay that starts later, perhaps in a newer version, would try it at once.
        await using var relay = World.Outbox.OpenSession();
        await relay.ClaimAsync(OutboxPart.Fresh, 200, Claim, default);

        (await World.Unreadable.PutBackAsync(report, null, default)).ShouldBeTrue();

        (await relay.ClaimAsync(OutboxPart.Fresh, 200, Claim, default)).Count.ShouldBe(0, "not at once");
        World.Advance(TimeSpan.FromSeconds(30));
        (await relay.ClaimAsync(OutboxPart.Overdue, 200, Claim, default)).Messages.ShouldHaveSingleItem().Message.ShouldBeOfType<StepSucceeded>().OperationId.ShouldBe(bad);
    }

    [Fact]
    public async Task Should_postpone_nothing_when_the_commit_fails()
    {
        var (bad, good) = (await World.AcceptAsync(Workflow), await World.AcceptAsync(Workflow));
        await World.MakeUnreadableAsync(bad);
        World.Advance(TimeSpan.FromMinutes(1));
        var taken = Message();
        await WriteAsync(taken);
        await using (var session = World.Transitions.OpenSession())
        await using (var batch = await session.BeginAsync([.. new[] { bad, good }.Select(id => new OperationMessage(id, Guid.NewGuid()))], default))
            await Should.ThrowAsync<Exception>(() => batch.CommitAsync([Change(good) with { Messages = [taken] }], [], Claim, default));

        (await SweepAsync()).ShouldContain(bad);
    }

    /// <summary>When it is due, it waits for a slot, and the admitter wakes it.</summary>
    private async Task ComesBackAsync(Guid operation, string why)
    {
        var due = await World.Sweep.TakeDueAsync(200, PutOff, default);
        due.Taken.ShouldBeEmpty(why);
        due.Queued.ShouldBe(1, why);
        (await AdmitAsync(2)).ShouldBe([operation], why);
    }

    private async Task CommitWhatIsReadableAsync(Guid operation)
    {
        await using var session = World.Transitions.OpenSession();
        await using var batch = await session.BeginAsync([new OperationMessage(operation, Guid.NewGuid())], default);
        await batch.CommitAsync([], [], Claim, default);
    }
}
