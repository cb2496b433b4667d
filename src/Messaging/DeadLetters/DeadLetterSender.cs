using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Logging;
using Saga.Contracts;
using Saga.Contracts.DeadLetters;

namespace Saga.Messaging.DeadLetters;

/// <summary>
/// Sends a message that cannot be consumed to <see cref="Endpoints.DeadLetters"/>, whose consumer stores it in the registry. The
/// message is acknowledged only after the broker has the dead letter. Thread-safe.
/// </summary>
internal sealed partial class DeadLetterSender(QueueSender queues, TimeProvider time, ILogger<DeadLetterSender> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <exception cref="OperationCanceledException">The broker did not accept it, so the message must be delivered again.</exception>
    public async Task SendAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        try
        {
            // The id is derived from the message, so a message that fails twice is one dead letter.
            await queues.SendAsync(Endpoints.DeadLetters, letter, IdOf(letter.Queue, letter.MessageId.ToByteArray()), cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogNotMoved(error, letter.MessageId, letter.Queue);
            // Without a pause, the broker would redeliver it in a tight loop.
            await Task.Delay(Pause, time, cancellationToken);
            throw new OperationCanceledException("The dead letter could not be sent.", error);
        }

        MessagingTelemetry.DeadLetters.Add(1, new("saga.queue", letter.Queue), new("saga.reason", letter.Reason));
        LogMoved(letter.MessageId, letter.MessageType, letter.Queue, letter.Reason, letter.Detail);
    }

    /// <summary>A message from a batch.</summary>
    public static DeadLetter Of(string queue, BatchedMessage message, string reason, string detail) => new()
    {
        Queue = queue,
        MessageId = message.Id,
        MessageType = message.Type,
        Body = message.Body.GetRawText(),
        Reason = reason,
        Detail = detail,
        TraceParent = message.TraceParent,
    };

    /// <summary>A message that came alone, as it was received.</summary>
    /// <param name="queue">The endpoint.</param>
    /// <param name="untyped">The type of messages that do not name one; null when there is no such default.</param>
    public static DeadLetter Of(string queue, ReceiveContext received, Type? untyped, string reason, string detail)
    {
        var bytes = received.Body.GetBytes();
        var (text, type) = Read(received, bytes);
        return new()
        {
            Queue = queue,
            MessageId = received.GetMessageId() ?? IdOf(queue, bytes),
            MessageType = type ?? (text is null ? null : untyped?.FullName),
            Body = text ?? Convert.ToBase64String(bytes),
            Binary = text is null,
            Reason = reason,
            Detail = detail,
            TraceParent = received.TransportHeaders.Get<string>("traceparent"),
        };
    }

    // The JSON, without its envelope if it has one; null when it is not JSON.
    private static (string? Text, string? Type) Read(ReceiveContext received, byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var body = document.RootElement;
            if (received.ContentType.MediaType == "application/vnd.masstransit+json" && body.TryGetProperty("message", out var message))
            {
                string[] urns = body.TryGetProperty("messageType", out var types) ? [.. types.EnumerateArray().Select(t => t.GetString() ?? "")] : [];
                return (message.GetRawText(), TypeOf(urns));
            }

            return (body.GetRawText(), TypeOf(received.GetMessageTypes()));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return (null, null);
        }
    }

    // urn:message:Saga.Contracts.Commands:ProvisionTenant
    private static string? TypeOf(string[] urns) =>
        urns.Select(u => u.Split(':')).FirstOrDefault(p => p is ["urn", "message", _, _]) is { } parts ? $"{parts[2]}.{parts[3]}" : null;

    private static Guid IdOf(string queue, byte[] bytes) => new(SHA256.HashData([.. Encoding.UTF8.GetBytes(queue), .. bytes]).AsSpan(0, 16));

    [LoggerMessage(EventId = 3101, Level = LogLevel.Error, Message = "Message {Id} of type {Type} in {Queue} is a dead letter ({Reason}): {Detail}")]
    private partial void LogMoved(Guid id, string? type, string queue, string reason, string detail);

    [LoggerMessage(EventId = 3102, Level = LogLevel.Warning, Message = "Message {Id} in {Queue} could not be moved to the dead letters; it stays in its queue.")]
    private partial void LogNotMoved(Exception error, Guid id, string queue);
}
