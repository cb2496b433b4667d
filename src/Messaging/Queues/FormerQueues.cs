using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Saga.Contracts;
using Saga.Messaging.DeadLetters;

namespace Saga.Messaging.Queues;

/// <summary>
/// Moves the messages of former versions' queues to the current ones and deletes the old queues. The queue of
/// <see cref="Endpoints.Commands"/> stays, because senders know it by name; its messages are moved too. Any number of processes may
/// do this at once.
/// </summary>
internal sealed partial class FormerQueues(IEnumerable<BusEndpoint> endpoints, IOptions<BusOptions> options, TimeProvider time, ILogger<FormerQueues> log) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);
    private readonly List<FormerQueue> queues = [.. endpoints.Select(e => e.Queue).Where(q => q != Endpoints.DeadLetters).Distinct(StringComparer.Ordinal).SelectMany(All)];

    /// <summary>Once the host has started, commands can also be sent to the queue by name.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await ConnectAsync(cancellationToken);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            foreach (var queue in queues.Where(q => q.Stays))
                await queue.DeclareAsync(channel, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // Created when the queue is first read.
            LogNotMoved(error, Endpoints.Commands);
        }

        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        // Starts after the bus: the current queues are bound by then, so messages from the former ones can be routed.
        Task.WhenAll(queues.Select(q => RunAsync(q, stoppingToken)));

    private static IEnumerable<FormerQueue> All(string endpoint) =>
    [
        new(endpoint, Endpoints.QueueOf(endpoint), endpoint) { Stays = endpoint == Endpoints.Commands },
        new($"{endpoint}_error", Endpoints.QueueOf(Endpoints.DeadLetters), endpoint) { Mark = FromBrokerFilter.QueueHeader },
        new($"{endpoint}_skipped", Endpoints.QueueOf(Endpoints.DeadLetters), endpoint) { Mark = FromBrokerFilter.QueueHeader },
    ];

    private async Task RunAsync(FormerQueue queue, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ConnectAsync(stopping);
                await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), stopping);
                if (await queue.MoveAsync(channel, stopping))
                    return;
            }
            catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == Constants.NotFound && !queue.Stays)
            {
                return;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                LogNotMoved(error, queue.Name);
            }

            await Task.Delay(Again, time, stopping);
        }
    }

    private Task<IConnection> ConnectAsync(CancellationToken cancellationToken) =>
        new ConnectionFactory { Uri = new Uri(options.Value.RabbitMq!), AutomaticRecoveryEnabled = false }.CreateConnectionAsync(cancellationToken);

    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "The messages of queue {Queue} of a former version could not be moved; trying again.")]
    private partial void LogNotMoved(Exception error, string queue);
}
