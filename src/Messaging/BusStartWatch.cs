using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Saga.Messaging;

/// <summary>
/// Says in the log that the bus has not started yet. It is registered before the bus, and <see cref="End"/> after it, because the host
/// starts its services one after the other. When the broker answers too late, MassTransit tries again without a word.
/// </summary>
internal sealed partial class BusStartWatch(TimeProvider time, ILogger<BusStartWatch> log) : IHostedService, IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);
    private ITimer? timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        timer = time.CreateTimer(_ => LogWaiting((int)time.GetElapsedTime(began).TotalSeconds), null, Every, Every);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => timer?.Dispose();

    [LoggerMessage(EventId = 3080, Level = LogLevel.Warning, Message = "The bus has not started after {Seconds} s. The program is not ready until it has.")]
    private partial void LogWaiting(int seconds);

    /// <summary>The bus has started.</summary>
    internal sealed class End(BusStartWatch watch) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => watch.StopAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
