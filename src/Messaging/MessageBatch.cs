using System.Text.Json;
using MassTransit;
using Saga.Contracts;

namespace Saga.Messaging;

/// <summary>
/// A batch of messages to one queue that were ready at the same moment, so that the broker stores, confirms and delivers them
/// once. It is unpacked before consumers see it. Its messages have no order.
/// </summary>
public sealed record MessageBatch
{
    // HasMessageType is no use here: it accepts every type for a message that names none, which other senders may send.
    private static readonly string Urn = MessageUrn.ForTypeString<MessageBatch>();

    // Its former name, still used by older processes and in older queues.
    private const string FormerUrn = "urn:message:Saga.Messaging:Bundle";

    public required IReadOnlyList<BatchedMessage> Messages { get; init; }

    /// <summary>The received batch; null when the message is not a batch.</summary>
    internal static MessageBatch? TryRead(ConsumeContext context) =>
        context.SupportedMessageTypes.Any(t => t is FormerUrn || t == Urn) && context.SerializerContext.TryGetMessage(typeof(MessageBatch), out var batch)
            ? (MessageBatch)batch
            : null;
}

public sealed record BatchedMessage
{
    /// <summary>Stays the same however often the message is sent, and in whichever batch.</summary>
    public required Guid Id { get; init; }

    /// <summary>A name that <see cref="MessageTypes"/> knows.</summary>
    public required string Type { get; init; }

    /// <summary>The W3C <c>traceparent</c> it was sent under; null when tracing was off.</summary>
    public string? TraceParent { get; init; }

    public required JsonElement Body { get; init; }

    public static BatchedMessage Of(Guid id, object message, string? traceParent) => new()
    {
        Id = id,
        Type = MessageTypes.NameOf(message),
        TraceParent = traceParent,
        Body = JsonSerializer.SerializeToElement(message, message.GetType(), Json.Options),
    };

    /// <exception cref="InvalidOperationException">The type is not a contract of this version.</exception>
    public object Read() => Body.Deserialize(MessageTypes.Find(Type), Json.Options)!;
}
