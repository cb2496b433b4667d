using System.Text.Json;
using Saga.Contracts;

namespace Saga.Registry.Outbox;

/// <summary>One row of the outbox.</summary>
/// <param name="Id">The message's id on the bus. It stays the same however often the message is sent.</param>
/// <param name="Queue">Null to publish.</param>
/// <param name="Message">The message itself.</param>
/// <param name="TraceParent">The trace in which it was written; null when tracing was off.</param>
public sealed record OutboxMessage(Guid Id, string? Queue, object Message, string? TraceParent = null)
{
    public string Type => MessageTypes.NameOf(Message);

    public string Body => JsonSerializer.Serialize(Message, Message.GetType(), Json.Options);

    /// <summary>Reads a message from its row.</summary>
    /// <exception cref="InvalidOperationException">The type is not a contract of this version.</exception>
    public static OutboxMessage Read(Guid id, string type, string? queue, string body, string? traceParent) =>
        new(id, queue, JsonSerializer.Deserialize(body, MessageTypes.Find(type), Json.Options)!, traceParent);
}
