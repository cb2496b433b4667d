using System.Diagnostics.CodeAnalysis;
using MassTransit;
using MassTransit.Context;

namespace Saga.Messaging;

/// <summary>One message of a batch, as if it had come alone.</summary>
internal sealed class BatchedContext(ConsumeContext batch, Guid id, object message) : ConsumeContextScope(batch)
{
    public override Guid? MessageId => id;

    public override IEnumerable<string> SupportedMessageTypes => [MessageUrn.ForTypeString(message.GetType())];

    public override bool HasMessageType(Type messageType) => messageType.IsInstanceOfType(message);

    public override bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
    {
        consumeContext = message is T typed ? new MessageConsumeContext<T>(this, typed) : null;
        return consumeContext is not null;
    }
}
