using System.Collections.Concurrent;
using MassTransit;

namespace Saga.Messaging.Pausing;

/// <summary>Stops the receive endpoints and starts them again. Thread-safe.</summary>
internal sealed class EndpointPauses : IReceiveEndpointObserver
{
    private static readonly TimeSpan GiveBackEvery = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<Uri, IReceiveEndpoint> endpoints = new();

    /// <param name="giveBack">Called repeatedly until all have stopped; makes messages that wait at the gate go back to the broker.</param>
    public async Task StopAsync(Action giveBack, CancellationToken cancellationToken)
    {
        // From here on delivered messages stay unacknowledged, and returned messages are not taken again.
        var stops = Task.WhenAll(endpoints.Values.Select(e => e.Stop(cancellationToken)));
        while (await Task.WhenAny(stops, Task.Delay(GiveBackEvery, cancellationToken)) != stops)
            giveBack();
        await stops;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var endpoint in endpoints.Values)
            await endpoint.Start(CancellationToken.None).Ready.WaitAsync(cancellationToken);
    }

    public Task Ready(ReceiveEndpointReady ready)
    {
        endpoints.TryAdd(ready.InputAddress, ready.ReceiveEndpoint);
        return Task.CompletedTask;
    }

    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    public Task Completed(ReceiveEndpointCompleted completed) => Task.CompletedTask;

    public Task Faulted(ReceiveEndpointFaulted faulted) => Task.CompletedTask;
}
