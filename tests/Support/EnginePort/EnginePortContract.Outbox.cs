using Saga.Registry.Outbox;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    [Fact]
    public async Task Should_give_a_message_to_one_relay()
    {
        var written = Enumerable.Range(0, 120).Select(_ => Message()).ToList();
        foreach (var message in written)
            await WriteAsync(message);

        var claimed = await TogetherAsync(4, async index =>
        {
            var mine = new List<Guid>();
            await using var session = World.Outbox.OpenSession();
            // A claim skips rows that others have locked, so repeat until nothing is left.
            for (var empty = 0; empty < 3;)
            {
                var page = await session.ClaimAsync(index % 2 == 0 ? OutboxPart.Fresh : OutboxPart.Overdue, 7, Claim, default);
                page.Count.ShouldBeLessThanOrEqualTo(7);
                mine.AddRange(page.Messages.Select(m => m.Id));
                empty = page.Count == 0 ? empty + 1 : 0;
            }

            return mine;
        });

        claimed.SelectMany(c => c).Order().ShouldBe(written.Select(m => m.Id).Order());
    }

    [Fact]
    public async Task Should_leave_committed_messages_to_their_writer_for_the_time_of_its_claim()
    {
        var operation = await World.AcceptAsync(Workflow);
        var message = Message();
        await CommitAsync(Change(operation) with { Messages = [message] });

        (await ClaimAsync(OutboxPart.Overdue)).Count.ShouldBe(0);
        World.Advance(Claim + TimeSpan.FromSeconds(1));

        (await ClaimAsync(OutboxPart.Fresh)).Count.ShouldBe(0);
        (await ClaimAsync(OutboxPart.Overdue)).Messages.Single().ShouldBe(message);
    }

    [Fact]
    public async Task Should_give_a_claimed_message_to_another_relay_when_the_claim_ends()
    {
        var message = Message();
        await WriteAsync(message);

        (await ClaimAsync(OutboxPart.Fresh)).Messages.Single().ShouldBe(message);
        (await ClaimAsync(OutboxPart.Fresh)).Count.ShouldBe(0);
        (await ClaimAsync(OutboxPart.Overdue)).Count.ShouldBe(0);
        World.Advance(Claim + TimeSpan.FromSeconds(1));

        (await ClaimAsync(OutboxPart.Overdue)).Messages.Single().ShouldBe(message);
    }

    [Fact]
    public async Task Should_claim_the_oldest_first()
    {
        var written = new[] { Message(), Message(), Message() }.OrderBy(m => m.Id).ToList();
        foreach (var message in written.AsEnumerable().Reverse())
            await WriteAsync(message);

        (await ClaimAsync(OutboxPart.Overdue, limit: 2)).Messages.Select(m => m.Id).Order().ShouldBe(written.Take(2).Select(m => m.Id).Order());
    }

    [Fact]
    public async Task Should_forget_messages_that_were_sent()
    {
        var operation = await World.AcceptAsync(Workflow);
        var (deleted, committed, kept) = (Message(), Message(), Message());
        foreach (var message in new[] { deleted, committed, kept })
            await WriteAsync(message);
        await using var session = World.Outbox.OpenSession();
        await session.DeleteAsync([deleted.Id, Guid.NewGuid()], default);
        await using (var transitions = World.Transitions.OpenSession())
        await using (var batch = await transitions.BeginAsync([new OperationMessage(operation, Guid.NewGuid())], default))
            await batch.CommitAsync([], [committed.Id], Claim, default);

        (await ClaimAsync(OutboxPart.Overdue)).Messages.Select(m => m.Id).ShouldBe([kept.Id]);
    }

    [Fact]
    public async Task Should_name_a_message_that_it_cannot_read_and_keep_it()
    {
        var fine = Message();
        var (unknown, broken) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await World.WriteAsync(unknown, "NobodyKnowsThis", "q", "{}");
        await World.WriteAsync(broken, fine.Type, "q", "{");
        await WriteAsync(fine);

        var claimed = await ClaimAsync(OutboxPart.Fresh);

        claimed.Messages.Single().ShouldBe(fine);
        claimed.Unreadable.Select(u => u.Id).Order().ShouldBe(new[] { unknown, broken }.Order());
        World.Advance(Claim + TimeSpan.FromSeconds(1));
        (await ClaimAsync(OutboxPart.Overdue)).Unreadable.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_call_whoever_listens_when_it_begins_and_when_a_message_is_written()
    {
        using var stop = new CancellationTokenSource();
        var calls = 0;
        var listening = World.Outbox.ListenAsync(() => Interlocked.Increment(ref calls), stop.Token);
        await Until.TrueAsync(() => Task.FromResult(Volatile.Read(ref calls) == 1), "it listens");

        await WriteAsync(Message());

        await Until.TrueAsync(() => Task.FromResult(Volatile.Read(ref calls) >= 2), "it is notified");
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => listening);
    }

    private async Task<ClaimedMessages> ClaimAsync(OutboxPart which, int limit = 200)
    {
        await using var session = World.Outbox.OpenSession();
        return await session.ClaimAsync(which, limit, Claim, default);
    }
}
