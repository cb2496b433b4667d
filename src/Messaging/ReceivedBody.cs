using System.Text.Json;
using MassTransit;
using Saga.Messaging.Batching;

namespace Saga.Messaging;

/// <summary>The message as its sender wrote it, for consumers that are stricter than the deserializer, which skips unknown members.</summary>
public static class ReceivedBody
{
    private const string Envelope = "application/vnd.masstransit+json";

    /// <returns>The JSON of the message alone, without a batch or an envelope around it.</returns>
    public static ReadOnlyMemory<byte> Of(ConsumeContext context)
    {
        if (context.TryGetPayload<BatchedContext>(out var single))
            return JsonMarshal(single.Message.Body);
        var bytes = context.ReceiveContext.Body.GetBytes();
        if (context.ReceiveContext.ContentType?.MediaType != Envelope)
            return bytes;
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.TryGetProperty("message", out var message) ? JsonMarshal(message) : bytes;
    }

    private static byte[] JsonMarshal(JsonElement message) => System.Text.Encoding.UTF8.GetBytes(message.GetRawText());
}
