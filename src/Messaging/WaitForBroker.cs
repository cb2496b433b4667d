using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Saga.Messaging;

/// <summary>Waits for the broker in the host's starting phase, before the bus starts and waits without a limit.</summary>
internal sealed partial class WaitForBroker(IOptions<BusOptions> options, IConfiguration configuration, TimeProvider time, ILogger<WaitForBroker> log) : IHostedLifecycleService
{
    private const string Key = "Saga:Startup:WaitSeconds";
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    /// <exception cref="TimeoutException">The broker did not answer in time; the message says so in words.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var limit = TimeSpan.FromSeconds(configuration.GetValue(Key, 60));
        var broker = new ConnectionFactory { Uri = new Uri(options.Value.RabbitMq!), AutomaticRecoveryEnabled = false };
        for (var delay = TimeSpan.FromMilliseconds(500); ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            try
            {
                await using var connection = await broker.CreateConnectionAsync(cancellationToken);
                return;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                var left = limit - time.GetElapsedTime(began);
                var reason = (error.InnerException ?? error).Message;
                if (left <= TimeSpan.Zero)
                {
                    throw new TimeoutException(string.Create(
                        CultureInfo.InvariantCulture, $"Saga:Bus:RabbitMq: the broker at {broker.HostName}:{broker.Port} did not answer within {limit.TotalSeconds} s ({Key}): {reason}"), error);
                }

                LogWaiting(broker.HostName, broker.Port, (int)left.TotalSeconds, reason);
                await Task.Delay(delay < left ? delay : left, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 3001, Level = LogLevel.Warning, Message = "Waiting for the broker at {Host}:{Port}, for {Seconds} s more: {Reason}")]
    private partial void LogWaiting(string host, int port, int seconds, string reason);
}
