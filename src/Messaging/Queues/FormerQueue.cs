using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Saga.Messaging.Queues;

/// <summary>Moves the messages of one queue to an exchange. Each message is acknowledged only after the broker has confirmed it there.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Exchange">Where its messages go.</param>
/// <param name="Endpoint">The endpoint whose queue it was.</param>
internal sealed record FormerQueue(string Name, string Exchange, string Endpoint)
{
    private const ushort Prefetch = 32;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    /// <summary>Senders use the queue by its name. It is created if it is missing, and its messages are moved for as long as this process runs.</summary>
    public bool Stays { get; init; }

    /// <summary>A header that names the endpoint.</summary>
    public string? Mark { get; init; }

    /// <summary>Declares the queue if it is to stay; otherwise checks that it exists.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.OperationInterruptedException">The queue does not exist.</exception>
    public Task DeclareAsync(IChannel channel, CancellationToken cancellationToken) => Stays
        // Declared with its original arguments, because they cannot be changed.
        ? channel.QueueDeclareAsync(Name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" }, cancellationToken: cancellationToken)
        : channel.QueueDeclarePassiveAsync(Name, cancellationToken);

    /// <returns>Whether the queue is gone; false when others still read it.</returns>
    public async Task<bool> MoveAsync(IChannel channel, CancellationToken stopping)
    {
        await DeclareAsync(channel, stopping);
        // The exchange with this name is bound to the current queue now.
        if (Mark is null)
            await channel.QueueUnbindAsync(Name, Name, "", cancellationToken: stopping);

        var deliveries = Channel.CreateUnbounded<BasicDeliverEventArgs>();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // The client reuses the body's memory when this returns.
            deliveries.Writer.TryWrite(new(delivery.ConsumerTag, delivery.DeliveryTag, delivery.Redelivered, delivery.Exchange, delivery.RoutingKey, delivery.BasicProperties, delivery.Body.ToArray(), CancellationToken.None));
            return Task.CompletedTask;
        };
        consumer.ShutdownAsync += (_, reason) =>
        {
            deliveries.Writer.TryComplete(new InvalidOperationException(reason.ReplyText));
            return Task.CompletedTask;
        };
        consumer.UnregisteredAsync += (_, _) =>
        {
            deliveries.Writer.TryComplete(new InvalidOperationException("The queue is gone."));
            return Task.CompletedTask;
        };
        await channel.BasicQosAsync(0, Prefetch, global: false, stopping);
        await channel.BasicConsumeAsync(Name, autoAck: false, consumer, stopping);
        while (true)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            if (!Stays)
                quiet.CancelAfter(Quiet);
            try
            {
                await ForwardAsync(channel, await deliveries.Reader.ReadAsync(quiet.Token), stopping);
            }
            catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
            {
                return await DeleteAsync(channel, stopping);
            }
        }
    }

    private async Task ForwardAsync(IChannel channel, BasicDeliverEventArgs delivery, CancellationToken stopping)
    {
        var properties = new BasicProperties(delivery.BasicProperties) { Persistent = true };
        // The channel must belong to the current connection, which has changed.
        properties.UserId = null;
        if (Mark is not null)
        {
            properties.Headers ??= new Dictionary<string, object?>(StringComparer.Ordinal);
            properties.Headers[Mark] = Endpoint;
        }

        await channel.BasicPublishAsync(Exchange, "", mandatory: true, properties, delivery.Body, stopping);
        await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, CancellationToken.None);
    }

    // Nothing is bound, so nothing more arrives. A process of the former version may still work on messages it has taken.
    private async Task<bool> DeleteAsync(IChannel channel, CancellationToken stopping)
    {
        var found = await channel.QueueDeclarePassiveAsync(Name, stopping);
        if (found.ConsumerCount > 1 || found.MessageCount > 0)
            return false;
        await channel.QueueDeleteAsync(Name, ifUnused: false, ifEmpty: false, cancellationToken: stopping);
        if (Mark is not null)
            await channel.ExchangeDeleteAsync(Name, ifUnused: false, cancellationToken: stopping);
        return true;
    }
}
