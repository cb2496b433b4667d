using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using Saga.Shared.Startup;

namespace Saga.Messaging;

/// <summary>Waits for the broker before the bus starts, because the bus itself would wait without a limit.</summary>
internal sealed partial class WaitForBroker(IOptions<BusOptions> options, IOptions<StartupOptions> startup, TimeProvider time, ILogger<WaitForBroker> log)
    : WaitAtStart(TimeSpan.FromSeconds(startup.Value.WaitSeconds), time)
{
    private readonly ConnectionFactory broker = new() { Uri = new Uri(options.Value.RabbitMq!), AutomaticRecoveryEnabled = false };

    protected override string Awaited => $"Saga:Bus:RabbitMq: the broker at {broker.HostName}:{broker.Port}";

    protected override async Task TryAsync(CancellationToken cancellationToken)
    {
        await using var connection = await broker.CreateConnectionAsync(cancellationToken);
    }

    protected override string WhyAway(Exception error) => (error.InnerException ?? error).Message;

    protected override void LogWaiting(int seconds, string reason) => LogWaiting(broker.HostName, broker.Port, seconds, reason);

    [LoggerMessage(EventId = 3001, Level = LogLevel.Warning, Message = "Waiting for the broker at {Host}:{Port}, for {Seconds} s more: {Reason}")]
    private partial void LogWaiting(string host, int port, int seconds, string reason);
}
