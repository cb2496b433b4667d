using MassTransit;
using Saga.Contracts;

namespace Saga.Messaging.Queues;

/// <summary>
/// What a queue is declared with. All of it is explicit: the defaults differ between versions of the broker (from 4.0 on, a quorum
/// queue drops a message that was delivered 20 times). A change needs a new version in <see cref="Endpoints"/>, for queues that exist cannot
/// be changed; what a policy can set is better set by a policy.
/// </summary>
internal static class QueueArguments
{
    /// <summary>Deliveries that ended without an answer: the process died, or gave the message back.</summary>
    public const int DeliveryLimit = 50;

    // Of dead letters themselves. There is nothing after them, so the limit is one that is never reached.
    private const int NoLimit = 1_000_000_000;

    public static void Set(IRabbitMqReceiveEndpointConfigurator queue, string endpoint)
    {
        queue.SetQuorumQueue();
        // The endpoint's name, to which others send.
        queue.Bind(endpoint, b => b.ExchangeType = RabbitMQ.Client.ExchangeType.Fanout);
        if (endpoint == Endpoints.DeadLetters)
        {
            queue.SetQueueArgument("x-delivery-limit", NoLimit);
            return;
        }

        queue.SetQueueArgument("x-delivery-limit", DeliveryLimit);
        queue.SetQueueArgument("x-dead-letter-exchange", Endpoints.DeadLetters);
        // The message stays in its queue until the other one has it; needs the overflow, which without a length limit never happens.
        queue.SetQueueArgument("x-dead-letter-strategy", "at-least-once");
        queue.SetQueueArgument("x-overflow", "reject-publish");
    }
}
