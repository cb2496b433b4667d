using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Messaging;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_command_comes_by_the_bus
{
    private static readonly ProvisionTenant Command = new() { Name = "Acme", Slug = "acme", Plan = "basic", AdminEmail = "admin@acme.example" };

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_be_answered_accepted_and_be_durable(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, []);

        var answer = await AskAsync(host, Command);

        answer.Is(out Response<OperationAccepted>? accepted).ShouldBeTrue();
        (await registry.ScalarAsync<long>("select count(*) from operations where id = @OperationId", accepted!.Message)).ShouldBe(1);
        accepted.Message.Location.ShouldBe($"/api/v1/operations/{accepted.Message.OperationId}");
    }

    [Fact]
    public async Task Should_be_answered_rejected_with_the_field()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, []);

        var answer = await AskAsync(host, Command with { Slug = "Not a slug" });

        answer.Is(out Response<OperationRejected>? rejected).ShouldBeTrue();
        rejected!.Message.Errors.Select(e => e.Pointer).ShouldBe(["/slug"]);
        (await registry.ScalarAsync<long>("select count(*) from operations")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_one_operation_however_often_it_is_delivered()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), []);
        var id = Guid.CreateVersion7();

        for (var times = 0; times < 5; times++)
            await host.SendAsync(Endpoints.Commands, Command, id);
        // Sent last. When it is done, the earlier ones are done too, or race it to the same result.
        await AskAsync(host, Command with { Slug = "globex", Subdomain = "globex" });

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operations") == 2, "both commands are operations");
        (await registry.ScalarAsync<long>("select count(*) from tenants")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_be_taken_from_a_sender_that_knows_nothing_but_the_queue()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var broker = await RabbitServer.NewVirtualHostAsync();
        await using var host = await EngineHost.StartAsync(registry, broker, []);

        for (var times = 0; times < 2; times++)
            await PublishAsync(broker, """{"name": "Acme", "slug": "acme", "plan": "basic", "adminEmail": "admin@acme.example"}""", Guid.Parse("01a1fee0-d7d9-75c9-9171-1464a62054bb"));

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operations") == 1, "the command is an operation");
        (await registry.ScalarAsync<string>("select slug from tenants")).ShouldBe("acme");
    }

    [Fact]
    public async Task Should_be_taken_out_of_an_envelope_of_MassTransit()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var broker = await RabbitServer.NewVirtualHostAsync();
        await using var host = await EngineHost.StartAsync(registry, broker, []);

        await PublishAsync(
            broker,
            """
            {"messageId": "01a1fee0-d7d9-75c9-9171-1464a62054bc", "messageType": ["urn:message:Saga.Contracts.Commands:ProvisionTenant"],
             "message": {"name": "Acme", "slug": "acme", "plan": "basic", "adminEmail": "admin@acme.example"}}
            """,
            Guid.Parse("01a1fee0-d7d9-75c9-9171-1464a62054bc"), "application/vnd.masstransit+json");

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operations") == 1, "the command is an operation");
    }

    // Like any AMQP client.
    private static async Task PublishAsync(string broker, string body, Guid id, string contentType = "application/json")
    {
        var token = TestContext.Current.CancellationToken;
        await using var connection = await new RabbitMQ.Client.ConnectionFactory { Uri = new Uri(broker) }.CreateConnectionAsync(token);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: token);
        await channel.BasicPublishAsync(
            exchange: "", routingKey: Endpoints.Commands, mandatory: true,
            new RabbitMQ.Client.BasicProperties { ContentType = contentType, MessageId = id.ToString() }, System.Text.Encoding.UTF8.GetBytes(body), token);
    }

    private static Task<Response<OperationAccepted, OperationRejected>> AskAsync(EngineHost host, ProvisionTenant command)
    {
        var address = host.Services.GetRequiredService<BusAddresses>().Queue(Endpoints.Commands);
        var client = host.Services.GetRequiredService<IBus>().CreateRequestClient<ProvisionTenant>(address, RequestTimeout.After(s: 30));
        return client.GetResponse<OperationAccepted, OperationRejected>(command);
    }
}
