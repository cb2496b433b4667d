using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>Puts outbox messages on the bus. Thread-safe.</summary>
internal interface IOutboxSender
{
    /// <summary>Ends when the broker has the message.</summary>
    /// <exception cref="Messaging.MessageReturnedException">No queue takes it yet: its worker never ran.</exception>
    Task SendAsync(OutboxMessage message, CancellationToken cancellationToken);
}
