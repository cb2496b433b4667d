using System.Collections.Concurrent;
using System.Text;
using MassTransit;
using NSubstitute;
using Saga.Contracts.Steps;
using Saga.Messaging.Batching;
using Saga.Messaging;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Messaging;

/// <summary>The filter alone, without a bus.</summary>
public sealed class When_a_batch_is_taken_apart
{
    [Fact]
    public async Task Should_finish_the_others_and_fail_as_one_when_a_message_fails()
    {
        var (failed, slow) = (Due(), Due());
        var gate = new TaskCompletionSource();
        var next = Pipe.ExecuteAsync<ConsumeContext>(context => context.MessageId == failed.Id
            ? Task.FromException(new InvalidOperationException("failed"))
            : gate.Task);

        var consumed = new UnbatchFilter("test", null!).Send(Received(failed, slow), next);

        consumed.IsCompleted.ShouldBeFalse("the other is not done");
        gate.SetResult();
        (await Should.ThrowAsync<InvalidOperationException>(consumed)).Message.ShouldBe("failed");
    }

    [Fact]
    public async Task Should_be_delivered_again_when_a_stop_cancelled_one_although_another_failed()
    {
        var (cut, failed) = (Due(), Due());
        var next = Pipe.ExecuteAsync<ConsumeContext>(context => context.MessageId == cut.Id
            ? Task.FromCanceled(new CancellationToken(canceled: true))
            : Task.FromException(new InvalidOperationException("failed")));

        // MassTransit moves failed messages to the error queue, and returns cancelled ones to their queue.
        await Should.ThrowAsync<OperationCanceledException>(new UnbatchFilter("test", null!).Send(Received(failed, cut), next));
    }

    [Fact]
    public async Task Should_show_each_consumer_the_body_of_its_own_message()
    {
        BatchedMessage[] sent = [Due(), Due()];
        var bodies = new ConcurrentDictionary<Guid, string>();
        var next = Pipe.ExecuteAsync<ConsumeContext>(context =>
        {
            context.TryGetMessage<OperationDue>(out var due).ShouldBeTrue();
            bodies[context.MessageId!.Value] = Encoding.UTF8.GetString(ReceivedBody.Of(due!).Span);
            return Task.CompletedTask;
        });

        await new UnbatchFilter("test", null!).Send(Received(sent), next);

        foreach (var message in sent)
            bodies[message.Id].ShouldBe(message.Body.GetRawText());
        sent[0].Body.GetRawText().ShouldNotBe(sent[1].Body.GetRawText());
    }

    private static ConsumeContext Received(params BatchedMessage[] messages)
    {
        var received = Substitute.For<ConsumeContext>();
        received.SupportedMessageTypes.Returns([MessageUrn.ForTypeString<MessageBatch>()]);
        received.SerializerContext.TryGetMessage(typeof(MessageBatch), out _).Returns(call =>
        {
            call[1] = new MessageBatch { Messages = messages };
            return true;
        });
        return received;
    }

    private static BatchedMessage Due() => BatchedMessage.Of(Guid.CreateVersion7(), new OperationDue { OperationId = Guid.CreateVersion7() }, null);
}
