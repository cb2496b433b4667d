using System.Collections.Concurrent;
using MassTransit;
using Saga.Contracts;

namespace Saga.Messaging;

/// <summary>Sends to queues, several messages at once where they are ready at once. Thread-safe.</summary>
/// <param name="bus">The bus, once it is made: making it makes what sends by this.</param>
/// <param name="addresses">Where queues are sent to.</param>
public sealed class QueueSender(Lazy<IBus> bus, BusAddresses addresses)
{
    private readonly ConcurrentDictionary<string, BatchingSender> lanes = new(StringComparer.Ordinal);

    /// <summary>Ends when the broker has the message, and waits for a broker that is away; its order among others is not kept.</summary>
    /// <param name="queue">The queue's name.</param>
    /// <param name="message">A message of the contracts.</param>
    /// <param name="id">The message's id, by which receivers know it again.</param>
    /// <param name="cancellationToken">When to give up. What was under way by then may still arrive.</param>
    /// <exception cref="MessageReturnedException">No queue takes it yet: its reader never ran.</exception>
    public Task SendAsync(string queue, object message, Guid id, CancellationToken cancellationToken) =>
        lanes.GetOrAdd(queue, SenderTo).SendAsync(BatchedMessage.Of(id, message, TraceContext.Current), cancellationToken);

    private BatchingSender SenderTo(string queue) => new(async (batch, cancellationToken) =>
    {
        var endpoint = await bus.Value.GetSendEndpoint(addresses.Queue(queue));
        await endpoint.Send(batch, Pipe.Execute<SendContext<MessageBatch>>(c =>
        {
            if (c.TryGetPayload<RabbitMqSendContext>(out var rabbit))
                rabbit.Mandatory = true;
        }), cancellationToken);
    }, Endpoints.IsWorker(queue) ? BatchingSender.MaxWorkerBatch : BatchingSender.MaxBatch);
}
