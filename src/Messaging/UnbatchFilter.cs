using MassTransit;

namespace Saga.Messaging;

/// <summary>
/// Unpacks batches before consumers see anything: each message goes its own way, with its own retry and in its own trace. The
/// batch is acknowledged when all have ended; if one failed, it is as a message that failed, though the others are done.
/// Messages that come alone, from others, pass.
/// </summary>
internal sealed class UnbatchFilter : IFilter<ConsumeContext>
{
    // Not by HasMessageType: what says nothing of its type, which others may send, passes for any.
    private static readonly string Urn = MessageUrn.ForTypeString<MessageBatch>();

    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next) =>
        context.SupportedMessageTypes.Contains(Urn, StringComparer.Ordinal) && context.TryGetMessage<MessageBatch>(out var batch)
            ? UnbatchAsync(batch, next)
            : next.Send(context);

    public void Probe(ProbeContext context) => context.CreateFilterScope("unbatch");

    private static async Task UnbatchAsync(ConsumeContext<MessageBatch> batch, IPipe<ConsumeContext> next)
    {
        var messages = batch.Message.Messages.Select(m => ConsumeAsync(batch, m, next)).ToList();
        try
        {
            await Task.WhenAll(messages);
        }
        catch (Exception error) when (messages.Exists(m => m.IsCanceled))
        {
            // A stop cut one short. It is to be delivered again, which an error beside it must not prevent.
            throw new OperationCanceledException("A message of the batch was cut short.", error, batch.CancellationToken);
        }
    }

    private static async Task ConsumeAsync(ConsumeContext batch, BatchedMessage message, IPipe<ConsumeContext> next)
    {
        using var activity = MessagingTelemetry.StartReceive(message);
        await next.Send(new BatchedContext(batch, message.Id, message.Read()));
    }
}
