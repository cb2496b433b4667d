using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Saga.Contracts.Steps;
using Saga.Messaging.Batching;
using Saga.Messaging;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Messaging;

public sealed class When_messages_share_a_sender
{
    private readonly Channel<Sending> bus = Channel.CreateUnbounded<Sending>();
    private readonly FakeTimeProvider time = new();
    private readonly BatchingSender sender;

    public When_messages_share_a_sender() => sender = new BatchingSender(async (batch, cancellationToken) =>
    {
        var sending = new Sending(batch, Activity.Current, cancellationToken);
        bus.Writer.TryWrite(sending).ShouldBeTrue();
        await sending.Confirmed.Task.WaitAsync(cancellationToken);
    }, time);

    [Fact]
    public async Task Should_send_a_single_message_at_once()
    {
        var message = Message();

        var sent = sender.SendAsync(message, default);

        // There was no wait in between, not even for a thread.
        bus.Reader.TryRead(out var sending).ShouldBeTrue();
        sending!.MessageBatch.Messages.ShouldBe([message]);
        sent.IsCompleted.ShouldBeFalse("the broker has not confirmed it");
        sending.Confirmed.SetResult();
        await sent;
    }

    [Fact]
    public async Task Should_batch_messages_that_arrive_during_a_send()
    {
        var (first, second) = await FillAsync();
        var later = Messages(3);
        var sent = later.ConvertAll(m => sender.SendAsync(m, default));
        bus.Reader.TryRead(out _).ShouldBeFalse("both outcomes occur");

        second.Confirmed.SetResult();

        var together = await NextAsync();
        together.MessageBatch.Messages.ShouldBe(later);
        together.Confirmed.SetResult();
        await Task.WhenAll(sent);
        first.Confirmed.Task.IsCompleted.ShouldBeFalse("nothing waited for it");
    }

    [Fact]
    public async Task Should_put_at_most_sixteen_messages_into_a_batch()
    {
        var (first, _) = await FillAsync();
        var later = Messages(20);
        var sent = later.ConvertAll(m => sender.SendAsync(m, default));

        first.Confirmed.SetResult();

        var full = await NextAsync();
        full.MessageBatch.Messages.ShouldBe(later[..16]);
        full.Confirmed.SetResult();
        var rest = await NextAsync();
        rest.MessageBatch.Messages.ShouldBe(later[16..]);
        rest.Confirmed.SetResult();
        await Task.WhenAll(sent);
    }

    [Fact]
    public async Task Should_fail_every_message_of_a_failed_batch_and_continue()
    {
        var (first, _) = await FillAsync();
        var sent = Messages(3).ConvertAll(m => sender.SendAsync(m, default));
        first.Confirmed.SetResult();
        var broken = await NextAsync();
        var after = sender.SendAsync(Message(), default);

        broken.Confirmed.SetException(new InvalidOperationException("no such queue"));

        foreach (var one in sent)
            (await Should.ThrowAsync<InvalidOperationException>(one)).Message.ShouldBe("no such queue");
        (await NextAsync()).Confirmed.SetResult();
        await after;
    }

    [Fact]
    public async Task Should_leave_out_what_was_given_up_before_it_left()
    {
        var (first, _) = await FillAsync();
        using var limit = new CancellationTokenSource();
        var (kept, dropped) = (Message(), Message());
        var given = sender.SendAsync(dropped, limit.Token);
        var sent = sender.SendAsync(kept, default);

        await limit.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(given);
        first.Confirmed.SetResult();

        var sending = await NextAsync();
        sending.MessageBatch.Messages.ShouldBe([kept]);
        sending.Confirmed.SetResult();
        await sent;
    }

    [Fact]
    public async Task Should_continue_sending_while_one_of_its_senders_waits()
    {
        var (first, _) = await FillAsync();
        using var limit = new CancellationTokenSource();
        var given = sender.SendAsync(Message(), limit.Token);
        var sent = sender.SendAsync(Message(), default);
        first.Confirmed.SetResult();
        var sending = await NextAsync();

        await limit.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(given);
        sending.Cancellation.IsCancellationRequested.ShouldBeFalse();
        sending.Confirmed.SetResult();
        await sent;
    }

    [Fact]
    public async Task Should_give_up_a_send_when_all_of_its_senders_have()
    {
        var (first, _) = await FillAsync();
        using var limit = new CancellationTokenSource();
        var given = Messages(2).ConvertAll(m => sender.SendAsync(m, limit.Token));
        first.Confirmed.SetResult();
        var sending = await NextAsync();
        var after = sender.SendAsync(Message(), default);

        await limit.CancelAsync();

        foreach (var one in given)
            await Should.ThrowAsync<OperationCanceledException>(one);
        var next = await NextAsync();
        sending.Cancellation.IsCancellationRequested.ShouldBeTrue();
        next.Confirmed.SetResult();
        await after;
    }

    [Fact]
    public async Task Should_fail_a_batch_that_is_never_confirmed_and_continue()
    {
        var sent = Messages(BatchingSender.AtOnce).ConvertAll(m => sender.SendAsync(m, default));
        for (var i = 0; i < BatchingSender.AtOnce; i++)
            await NextAsync();
        var after = sender.SendAsync(Message(), default);

        time.Advance(BatchingSender.Limit);

        foreach (var one in sent)
            (await Should.ThrowAsync<TimeoutException>(one.WaitAsync(WaitLimit.Seconds(30)))).Message.ShouldContain("15 s");
        (await NextAsync()).Confirmed.SetResult();
        await after;
    }

    [Fact]
    public async Task Should_not_send_what_is_given_up_already()
    {
        await Should.ThrowAsync<OperationCanceledException>(sender.SendAsync(Message(), new CancellationToken(canceled: true)));

        bus.Reader.TryRead(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_send_nothing_in_the_trace_of_somebody_else()
    {
        using var stranger = new Activity("stranger").Start();
        var (first, _) = await FillAsync();
        stranger.Stop();
        var sent = sender.SendAsync(Message(), default);

        first.Confirmed.SetResult();

        var next = await NextAsync();
        next.Trace.ShouldBeNull();
        next.Confirmed.SetResult();
        await sent;
    }

    [Fact]
    public async Task Should_send_everything_once_whatever_the_crowd()
    {
        var seen = new ConcurrentBag<BatchedMessage>();
        var crowd = new BatchingSender(async (batch, _) =>
        {
            batch.Messages.Count.ShouldBeInRange(1, BatchingSender.MaxBatch);
            await Task.Yield();
            foreach (var message in batch.Messages)
                seen.Add(message);
        }, time);
        var messages = Messages(20_000);

        await Task.WhenAll(messages.Chunk(100).Select(some => Task.Run(async () =>
        {
            foreach (var message in some)
                await crowd.SendAsync(message, default);
        })));

        seen.Count.ShouldBe(messages.Count);
        seen.Select(m => m.Id).ToHashSet().SetEquals(messages.Select(m => m.Id)).ShouldBeTrue();
    }

    // As many sends as may run at once.
    private async Task<(Sending First, Sending Second)> FillAsync()
    {
        BatchingSender.AtOnce.ShouldBe(2);
        _ = sender.SendAsync(Message(), default);
        _ = sender.SendAsync(Message(), default);
        return (await NextAsync(), await NextAsync());
    }

    private async Task<Sending> NextAsync() => await bus.Reader.ReadAsync().AsTask().WaitAsync(WaitLimit.Seconds(30));

    private static List<BatchedMessage> Messages(int count) => [.. Enumerable.Range(0, count).Select(_ => Message())];

    private static BatchedMessage Message() => BatchedMessage.Of(Guid.CreateVersion7(), new OperationDue { OperationId = Guid.CreateVersion7() }, null);

    private sealed record Sending(MessageBatch MessageBatch, Activity? Trace, CancellationToken Cancellation)
    {
        public TaskCompletionSource Confirmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
