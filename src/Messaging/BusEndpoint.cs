using MassTransit;

namespace Saga.Messaging;

/// <summary>
/// One queue that this process reads. Capabilities register theirs; the bus makes all of them.
/// </summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Configure">Attaches consumers or sagas, and their retry.</param>
/// <param name="Concurrency">Messages worked on at once; the bus's default when null.</param>
public sealed record BusEndpoint(string Queue, Action<IServiceProvider, IReceiveEndpointConfigurator> Configure, int? Concurrency = null);
