using Microsoft.Extensions.Options;

namespace Saga.Messaging;

/// <summary>
/// The send addresses of queues. On RabbitMQ the address is the exchange with the queue's name, because addressing the queue
/// would declare it again, as a classic queue.
/// </summary>
public sealed class BusAddresses(IOptions<BusOptions> options)
{
    private readonly string scheme = options.Value.Adapter == BusAdapter.RabbitMq ? "exchange" : "queue";

    public Uri Queue(string name) => new($"{scheme}:{name}");
}
