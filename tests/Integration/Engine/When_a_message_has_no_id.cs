using RabbitMQ.Client;
using Saga.Contracts;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_message_has_no_id
{
    [Fact]
    public async Task Should_be_refused_because_a_second_delivery_would_be_a_second_operation()
    {
        var token = TestContext.Current.CancellationToken;
        await using var registry = await PostgresServer.NewRegistryAsync();
        var broker = await RabbitServer.NewVirtualHostAsync();
        // One consumer, so that messages are consumed in their order.
        await using var host = await EngineHost.StartAsync(registry, broker, [], settings: ("Saga:Bus:Concurrency", "1"));
        await using var connection = await new ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync(token);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: token);

        await SendAsync("acme", null);
        await SendAsync("globex", Guid.NewGuid());

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from tenants where slug = 'globex'") == 1, "the second command is an operation");
        (await registry.ScalarAsync<long>("select count(*) from operations")).ShouldBe(1);
        (await registry.ScalarAsync<long>("select count(*) from dead_letters")).ShouldBe(0);

        async Task SendAsync(string slug, Guid? id)
        {
            var body = $$"""{"name": "Acme", "slug": "{{slug}}", "plan": "basic", "adminEmail": "admin@acme.example"}""";
            var properties = new BasicProperties { ContentType = "application/json" };
            if (id is not null)
                properties.MessageId = id.ToString();
            await channel.BasicPublishAsync(exchange: "", routingKey: Endpoints.Commands, mandatory: true, properties, System.Text.Encoding.UTF8.GetBytes(body), token);
        }
    }
}
