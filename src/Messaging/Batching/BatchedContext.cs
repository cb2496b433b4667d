using System.Diagnostics.CodeAnalysis;
using MassTransit;
using MassTransit.Context;

namespace Saga.Messaging.Batching;

/// <summary>One message of a batch, presented as a single delivery.</summary>
/// <param name="batch">The delivery that contained it.</param>
/// <param name="message">The message as sent in the batch.</param>
/// <param name="content">The message itself.</param>
internal sealed class BatchedContext(ConsumeContext batch, BatchedMessage message, object content) : ConsumeContextScope(batch)
{
    private volatile bool taken;

    public BatchedMessage Message => message;

    /// <summary>Whether a consumer or a saga took it, successfully or not.</summary>
    public bool Taken => taken;

    public override Guid? MessageId => message.Id;

    public override IEnumerable<string> SupportedMessageTypes => [MessageUrn.ForTypeString(content.GetType())];

    public override bool HasMessageType(Type messageType) => messageType.IsInstanceOfType(content);

    public override bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
    {
        consumeContext = content is T typed ? new MessageConsumeContext<T>(this, typed) : null;
        return consumeContext is not null;
    }

    public override Task NotifyConsumed<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
    {
        taken = true;
        return base.NotifyConsumed(context, duration, consumerType);
    }

    public override Task NotifyFaulted<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
    {
        taken = true;
        return base.NotifyFaulted(context, duration, consumerType, exception);
    }
}
