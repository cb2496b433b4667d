using System.Text.Json;
using MassTransit;
using Saga.Contracts.DeadLetters;
using Saga.Messaging.DeadLetters;

namespace Saga.Messaging.Batching;

/// <summary>
/// Unpacks batches before consumers see them. Each message is handled separately, with its own retry and in its own trace. The
/// batch is acknowledged when all its messages have ended. A message that this version cannot read becomes a dead letter by itself.
/// Single messages from other senders pass through.
/// </summary>
internal sealed class UnbatchFilter(string queue, DeadLetterSender letters) : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next) =>
        MessageBatch.TryRead(context) is { } batch ? UnbatchAsync(context, batch, next) : next.Send(context);

    public void Probe(ProbeContext context) => context.CreateFilterScope("unbatch");

    private async Task UnbatchAsync(ConsumeContext context, MessageBatch batch, IPipe<ConsumeContext> next)
    {
        // Each of its messages is handled below, whether or not a consumer takes it.
        Parked.Mark(context.ReceiveContext);
        var messages = batch.Messages.Select(m => ConsumeAsync(context, m, next)).ToList();
        try
        {
            await Task.WhenAll(messages);
        }
        catch (Exception error) when (messages.Exists(m => m.IsCanceled))
        {
            // A stop cancelled one message. It must be delivered again, even if another message failed with an error.
            throw new OperationCanceledException("A message of the batch was cancelled.", error, context.CancellationToken);
        }
    }

    private async Task ConsumeAsync(ConsumeContext context, BatchedMessage message, IPipe<ConsumeContext> next)
    {
        using var activity = MessagingTelemetry.StartReceive(message);
        object content;
        try
        {
            content = message.Read();
        }
        catch (Exception error) when (error is InvalidOperationException or JsonException)
        {
            var reason = error is JsonException ? DeadLetterReasons.Unreadable : DeadLetterReasons.TypeUnknown;
            await letters.SendAsync(DeadLetterSender.Of(queue, message, reason, error.Message), context.CancellationToken);
            return;
        }

        await next.Send(new BatchedContext(context, message, content));
    }
}
