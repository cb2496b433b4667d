using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>
/// Sends messages that this process has just committed, without waiting. If a send fails or the process dies, the relay sends the
/// message from its row.
/// </summary>
internal sealed partial class OutboxPublisher(
    IOutboxSender sender, SentMessages sent, IOptions<OrchestratorOptions> options, TimeProvider time, ILogger<OutboxPublisher> log)
{
    private readonly TimeSpan sendLimit = TimeSpan.FromSeconds(options.Value.OutboxSendSeconds);

    public void Send(IReadOnlyList<OutboxMessage> messages)
    {
        foreach (var message in messages)
            _ = SendAsync(message);
    }

    private async Task SendAsync(OutboxMessage message)
    {
        try
        {
            using var limit = new CancellationTokenSource(sendLimit, time);
            await sender.SendAsync(message, limit.Token);
            sent.Add(message.Id);
        }
        catch (Exception error)
        {
            LogLeftToRelay(error, message.Id, message.Queue);
        }
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Message {Id} to {Queue} was not sent; the relay will send it.")]
    private partial void LogLeftToRelay(Exception error, Guid id, string? queue);
}
