using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Tests.Support;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>
/// A client that knows nothing but the queue. It sends each command three times under one id, and starts again when the broker has not
/// confirmed all three.
/// </summary>
internal sealed class AmqpCaller(string broker)
{
    private const int Times = 3;
    // As a client pauses before it connects again.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = WaitLimit.Seconds(20);

    public async Task SendAsync(IEnumerable<ProvisionTenant> commands)
    {
        var left = new Queue<(Guid Id, ProvisionTenant Command)>(commands.Select(c => (Guid.CreateVersion7(), c)));
        while (left.Count > 0)
        {
            try
            {
                await using var connection = await new ConnectionFactory { Uri = new Uri(broker), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
                await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
                for (; left.TryPeek(out var next); left.Dequeue())
                {
                    for (var times = 0; times < Times; times++)
                        await PublishAsync(channel, next.Id, next.Command);
                }
            }
            catch (Exception error) when (error is BrokerUnreachableException or OperationInterruptedException or PublishException or IOException or OperationCanceledException)
            {
                // The broker is away.
                await Task.Delay(Pause);
            }
        }
    }

    private static async Task PublishAsync(IChannel channel, Guid id, ProvisionTenant command)
    {
        using var limit = new CancellationTokenSource(Patience);
        var body = JsonSerializer.SerializeToUtf8Bytes(new { name = command.Name, slug = command.Slug, plan = command.Plan, adminEmail = command.AdminEmail, domain = command.Domain });
        await channel.BasicPublishAsync(
            exchange: "", routingKey: Endpoints.Commands, mandatory: true,
            new BasicProperties { ContentType = "application/json", MessageId = id.ToString(), Persistent = true }, body, limit.Token);
    }
}
