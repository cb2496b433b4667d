using MassTransit;
using Saga.Contracts;

namespace Saga.Messaging.Queues;

/// <summary>
/// The arguments that a queue is declared with. They are all explicit, because the defaults differ between broker versions (from 4.0
/// on, a quorum queue drops a message that was delivered 20 times). A change needs a new version in <see cref="Endpoints"/>, because
/// existing queues cannot be changed. Prefer a broker policy for everything that a policy can set.
/// </summary>
internal static class QueueArguments
{
    /// <summary>Maximum deliveries without an acknowledgement, because the process died or returned the message.</summary>
    public const int DeliveryLimit = 50;

    // For the dead letters' own queue. There is no further queue behind it, so its limit must never be reached.
    private const int NoLimit = 1_000_000_000;

    public static void Set(IRabbitMqReceiveEndpointConfigurator queue, string endpoint)
    {
        queue.SetQuorumQueue();
        // The endpoint's name, which senders use.
        queue.Bind(endpoint, b => b.ExchangeType = RabbitMQ.Client.ExchangeType.Fanout);
        if (endpoint == Endpoints.DeadLetters)
        {
            queue.SetQueueArgument("x-delivery-limit", NoLimit);
            return;
        }

        queue.SetQueueArgument("x-delivery-limit", DeliveryLimit);
        queue.SetQueueArgument("x-dead-letter-exchange", Endpoints.DeadLetters);
        // The message stays in its queue until the dead-letter queue has it. This requires the overflow setting, which has no effect without a length limit.
        queue.SetQueueArgument("x-dead-letter-strategy", "at-least-once");
        queue.SetQueueArgument("x-overflow", "reject-publish");
    }
}
