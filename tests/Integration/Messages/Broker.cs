using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Saga.Tests.Integration.Messages;

/// <summary>A virtual host as seen by any AMQP client.</summary>
internal sealed class Broker(string address) : IAsyncDisposable
{
    private IConnection? connection;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A queue as declared by the previous version.</summary>
    public async Task DeclareFormerAsync(string name)
    {
        await using var channel = await ChannelAsync();
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, cancellationToken: Token);
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: Token);
        await channel.QueueBindAsync(name, name, "", cancellationToken: Token);
    }

    public async Task PublishAsync(string exchange, string routingKey, string body, BasicProperties properties)
    {
        await using var channel = await ChannelAsync();
        await channel.BasicPublishAsync(exchange, routingKey, mandatory: true, properties, Encoding.UTF8.GetBytes(body), Token);
    }

    /// <summary>The numbers of waiting messages and consumers; null when there is no such queue.</summary>
    public async Task<(uint Messages, uint Consumers)?> LookAsync(string queue)
    {
        await using var channel = await ChannelAsync();
        try
        {
            var found = await channel.QueueDeclarePassiveAsync(queue, Token);
            return (found.MessageCount, found.ConsumerCount);
        }
        catch (OperationInterruptedException)
        {
            return null;
        }
    }

    /// <summary>Takes the message repeatedly and returns it each time, like a process that it kills.</summary>
    /// <returns>How often it was delivered.</returns>
    public async Task<int> RejectAsync(string queue, int times)
    {
        await using var channel = await ChannelAsync();
        for (var count = 0; count < times; count++)
        {
            if (await channel.BasicGetAsync(queue, autoAck: false, Token) is not { } delivery)
                return count;
            await channel.BasicNackAsync(delivery.DeliveryTag, multiple: false, requeue: true, Token);
        }

        return times;
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null)
            await connection.DisposeAsync();
    }

    private async Task<IChannel> ChannelAsync()
    {
        connection ??= await new ConnectionFactory { Uri = new Uri(address) }.CreateConnectionAsync(Token);
        return await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), Token);
    }
}
