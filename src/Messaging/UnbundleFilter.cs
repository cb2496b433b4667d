using MassTransit;

namespace Saga.Messaging;

/// <summary>
/// Unpacks bundles before consumers see anything: each message goes its own way, with its own retry and in its own trace. The
/// bundle is acknowledged when all have ended; if one failed, it is as a message that failed, though the others are done.
/// Messages that come alone, from others, pass.
/// </summary>
internal sealed class UnbundleFilter : IFilter<ConsumeContext>
{
    // Not by HasMessageType: what says nothing of its type, which others may send, passes for any.
    private static readonly string Urn = MessageUrn.ForTypeString<Bundle>();

    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next) =>
        context.SupportedMessageTypes.Contains(Urn, StringComparer.Ordinal) && context.TryGetMessage<Bundle>(out var bundle)
            ? UnbundleAsync(bundle, next)
            : next.Send(context);

    public void Probe(ProbeContext context) => context.CreateFilterScope("unbundle");

    private static async Task UnbundleAsync(ConsumeContext<Bundle> bundle, IPipe<ConsumeContext> next)
    {
        var messages = bundle.Message.Messages.Select(m => ConsumeAsync(bundle, m, next)).ToList();
        try
        {
            await Task.WhenAll(messages);
        }
        catch (Exception error) when (messages.Exists(m => m.IsCanceled))
        {
            // A stop cut one short. It is to be delivered again, which an error beside it must not prevent.
            throw new OperationCanceledException("A message of the bundle was cut short.", error, bundle.CancellationToken);
        }
    }

    private static async Task ConsumeAsync(ConsumeContext bundle, BundledMessage message, IPipe<ConsumeContext> next)
    {
        using var activity = MessagingTelemetry.StartReceive(message);
        await next.Send(new BundledContext(bundle, message.Id, message.Read()));
    }
}
