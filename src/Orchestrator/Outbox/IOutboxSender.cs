using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>Sends outbox messages on the bus. Thread-safe.</summary>
internal interface IOutboxSender
{
    /// <summary>Completes when the broker has the message.</summary>
    /// <exception cref="Messaging.MessageReturnedException">The queue does not exist yet, because its worker has never run.</exception>
    Task SendAsync(OutboxMessage message, CancellationToken cancellationToken);
}
