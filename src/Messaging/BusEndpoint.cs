using MassTransit;

namespace Saga.Messaging;

/// <summary>
/// One queue that this process reads. Capabilities register theirs; the bus makes all of them.
/// </summary>
/// <param name="Queue">The endpoint's name, as <see cref="Saga.Contracts.Endpoints"/> has them.</param>
/// <param name="Configure">Attaches consumers or sagas, and their retry.</param>
/// <param name="Concurrency">Messages worked on at once; the bus's default when null.</param>
public sealed record BusEndpoint(string Queue, Action<IServiceProvider, IReceiveEndpointConfigurator> Configure, int? Concurrency = null)
{
    /// <summary>What a message is that does not say its type, as from a sender that knows nothing but the queue; null when there is no such.</summary>
    public Type? Untyped { get; init; }

    /// <summary>
    /// Messages of this queue that the process takes before others may; each delivery counts as a full batch. Twice its concurrency
    /// in deliveries when null, which is fine where a message takes milliseconds.
    /// </summary>
    public int? Ahead { get; init; }
}
