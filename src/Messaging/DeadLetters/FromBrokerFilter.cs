using MassTransit;
using Saga.Contracts;
using Saga.Contracts.DeadLetters;
using Saga.Messaging.Batching;

namespace Saga.Messaging.DeadLetters;

/// <summary>
/// Turns raw messages in the dead-letter queue into dead letters. They come from the broker, when a message was delivered too often,
/// and from <see cref="Queues.FormerQueues"/>.
/// </summary>
internal sealed class FromBrokerFilter : IFilter<ConsumeContext>
{
    /// <summary>Names the endpoint that a message was meant for.</summary>
    public const string QueueHeader = "saga-queue";

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        if (Origin(context) is not { } origin)
        {
            await next.Send(context);
            return;
        }

        var (queue, reason, detail) = origin;
        List<DeadLetter> letters = MessageBatch.TryRead(context) is { } batch
            ? [.. batch.Messages.Select(m => DeadLetterSender.Of(queue, m, reason, detail))]
            : [DeadLetterSender.Of(queue, context.ReceiveContext, null, reason, detail)];
        Parked.Mark(context.ReceiveContext);
        foreach (var letter in letters)
        {
            MessagingTelemetry.DeadLetters.Add(1, new("saga.queue", queue), new("saga.reason", reason));
            await next.Send(new BatchedContext(context, BatchedMessage.Of(letter.MessageId, letter, letter.TraceParent), letter));
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("fromBroker");

    private static (string Queue, string Reason, string Detail)? Origin(ConsumeContext context)
    {
        var headers = context.ReceiveContext.TransportHeaders;
        if (headers.Get<string>(QueueHeader) is { } former)
            return (former, DeadLetterReasons.Failed, headers.Get<string>(MessageHeaders.FaultMessage) ?? headers.Get<string>(MessageHeaders.Reason) ?? "It was in the error queue.");
        if (headers.Get<string>("x-first-death-queue") is not { } queue)
            return null;
        var why = headers.Get<string>("x-first-death-reason");
        return (Endpoints.OfQueue(queue), DeadLetterReasons.DeliveredTooOften, $"The broker removed it from {queue}: {why}.");
    }
}
