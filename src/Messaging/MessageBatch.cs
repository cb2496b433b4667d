using System.Text.Json;
using MassTransit;
using Saga.Contracts;

namespace Saga.Messaging;

/// <summary>
/// What travels to a queue: the messages that were ready at the same moment, so that the broker stores, confirms and delivers
/// once. It is unpacked before consumers see anything. Its messages have no order among them.
/// </summary>
public sealed record MessageBatch
{
    // Not by HasMessageType: what says nothing of its type, which others may send, passes for any.
    private static readonly string Urn = MessageUrn.ForTypeString<MessageBatch>();

    // What it was called before, by processes and in queues of that time.
    private const string FormerUrn = "urn:message:Saga.Messaging:Bundle";

    public required IReadOnlyList<BatchedMessage> Messages { get; init; }

    /// <summary>The batch that was received; null when the message is none.</summary>
    internal static MessageBatch? TryRead(ConsumeContext context) =>
        context.SupportedMessageTypes.Any(t => t is FormerUrn || t == Urn) && context.SerializerContext.TryGetMessage(typeof(MessageBatch), out var batch)
            ? (MessageBatch)batch
            : null;
}

public sealed record BatchedMessage
{
    /// <summary>The same however often, and in whatever company, the message is sent.</summary>
    public required Guid Id { get; init; }

    /// <summary>A name that <see cref="MessageTypes"/> knows.</summary>
    public required string Type { get; init; }

    /// <summary>The W3C <c>traceparent</c> it was sent under; null when nobody traced.</summary>
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
