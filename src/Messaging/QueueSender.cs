using System.Collections.Concurrent;
using MassTransit;
using Saga.Contracts;
using Saga.Messaging.Batching;

namespace Saga.Messaging;

/// <summary>Sends to queues, batching messages that are ready at the same moment. Thread-safe.</summary>
/// <param name="bus">The bus, resolved lazily because creating it creates users of this class.</param>
/// <param name="addresses">Maps queues to send addresses.</param>
/// <param name="flow">Observes whether the broker accepts messages.</param>
/// <param name="time">Measures how long a confirmation takes.</param>
public sealed class QueueSender(Lazy<IBus> bus, BusAddresses addresses, BrokerFlow flow, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, BatchingSender> senders = new(StringComparer.Ordinal);

    /// <summary>Completes when the broker has the message. Messages may be reordered.</summary>
    /// <param name="queue">The queue's name.</param>
    /// <param name="message">A message of the contracts.</param>
    /// <param name="id">The message's id, by which receivers recognise duplicates.</param>
    /// <param name="cancellationToken">When to give up. A send in progress may still arrive.</param>
    /// <exception cref="TimeoutException">The broker did not confirm the message within 15 seconds. It may still arrive; send it again with the same id.</exception>
    /// <exception cref="MessageReturnedException">The queue does not exist yet, because its reader has never run.</exception>
    public Task SendAsync(string queue, object message, Guid id, CancellationToken cancellationToken) =>
        senders.GetOrAdd(queue, SenderTo).SendAsync(BatchedMessage.Of(id, message, TraceContext.Current), cancellationToken);

    private BatchingSender SenderTo(string queue) => new(async (batch, cancellationToken) =>
    {
        var endpoint = await bus.Value.GetSendEndpoint(addresses.Queue(queue));
        var pipe = Pipe.Execute<SendContext<MessageBatch>>(c =>
        {
            if (c.TryGetPayload<RabbitMqSendContext>(out var rabbit))
                rabbit.Mandatory = true;
        });
        // A publish that hangs in the client does not end when it is cancelled.
        await flow.WatchAsync(() => endpoint.Send(batch, pipe, cancellationToken).WaitAsync(cancellationToken));
    }, time, Endpoints.IsWorker(queue) ? BatchingSender.MaxWorkerBatch : BatchingSender.MaxBatch);
}
