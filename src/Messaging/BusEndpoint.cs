using MassTransit;

namespace Saga.Messaging;

/// <summary>
/// One queue that this process reads. Capabilities register their endpoints, and the bus creates all of them.
/// </summary>
/// <param name="Queue">The endpoint's name, from <see cref="Saga.Contracts.Endpoints"/>.</param>
/// <param name="Configure">Attaches consumers or sagas and configures their retry.</param>
/// <param name="Concurrency">Messages handled at once; the bus's default when null.</param>
public sealed record BusEndpoint(string Queue, Action<IServiceProvider, IReceiveEndpointConfigurator> Configure, int? Concurrency = null)
{
    /// <summary>The type of messages that do not name one, such as those from a sender that knows only the queue; null when there is no such default.</summary>
    public Type? Untyped { get; init; }

    /// <summary>
    /// Messages that the process prefetches from this queue; each delivery counts as a full batch. When null, it prefetches twice its
    /// concurrency in deliveries, which is fine if a message takes milliseconds.
    /// </summary>
    public int? Ahead { get; init; }
}
