using Microsoft.Extensions.Options;

namespace Saga.Messaging;

/// <summary>
/// Where a queue is sent to. On RabbitMQ that is the exchange of its name: naming the queue would declare it
/// again, and as a classic one.
/// </summary>
public sealed class BusAddresses(IOptions<BusOptions> options)
{
    private readonly string scheme = options.Value.Adapter == BusAdapter.RabbitMq ? "exchange" : "queue";

    public Uri Queue(string name) => new($"{scheme}:{name}");
}
