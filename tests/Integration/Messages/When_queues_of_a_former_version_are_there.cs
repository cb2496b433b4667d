using RabbitMQ.Client;
using Saga.Contracts;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Messages;

public sealed class When_queues_of_a_former_version_are_there
{
    private const string Operations = Endpoints.Operations;

    [Fact]
    public async Task Should_be_emptied_into_todays_and_deleted()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var address = await RabbitServer.NewVirtualHostAsync();
        await using var broker = new Broker(address);
        foreach (var queue in (string[])[Operations, Endpoints.Commands, $"{Operations}_error"])
            await broker.DeclareFormerAsync(queue);
        var operation = await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));
        // Only the messages in the queues advance it.
        await registry.ExecuteAsync("delete from outbox; update operations set next_due_at = null");
        await broker.PublishAsync(Operations, "", Batch("OperationSubmitted", operation), Properties());
        await broker.PublishAsync($"{Operations}_error", "", Batch("OperationSubmitted", Guid.CreateVersion7()), Properties(("MT-Fault-Message", "It broke.")));

        await using var host = await EngineHost.StartAsync(registry, address, [new ScriptedStep("one")]);

        await host.EndAsync(operation);
        await Until.TrueAsync(async () => await registry.ScalarAsync<string>("select queue || ': ' || detail from dead_letters") == $"{Operations}: It broke.", "errors are shown");
        await Until.TrueAsync(async () => await broker.LookAsync(Operations) is null && await broker.LookAsync($"{Operations}_error") is null, "they are gone");
    }

    [Fact]
    public async Task Should_take_commands_from_senders_that_name_the_queue_and_from_those_that_name_the_exchange()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var address = await RabbitServer.NewVirtualHostAsync();
        await using var broker = new Broker(address);
        await broker.DeclareFormerAsync(Endpoints.Commands);
        await using var host = await EngineHost.StartAsync(registry, address, []);
        await Until.TrueAsync(async () => await broker.LookAsync(Endpoints.Commands) is { Consumers: 1 }, "the queue is read");

        await broker.PublishAsync("", Endpoints.Commands, Command("acme"), Plain());
        await broker.PublishAsync(Endpoints.Commands, "", Command("globex"), Plain());

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operations") == 2, "both are accepted");
        (await broker.LookAsync(Endpoints.Commands)).ShouldBe((0u, 1u));
    }

    private static string Command(string slug) => $$"""{"name": "Acme", "slug": "{{slug}}", "plan": "basic", "adminEmail": "admin@acme.example"}""";

    // As written by the previous version.
    private static string Batch(string type, Guid operation) =>
        $$"""{"messages": [{"id": "{{Guid.CreateVersion7()}}", "type": "Saga.Contracts.Steps.{{type}}", "body": {"operationId": "{{operation}}" } }]}""";

    private static BasicProperties Plain() => new() { ContentType = "application/json", MessageId = Guid.CreateVersion7().ToString() };

    private static BasicProperties Properties(params (string Name, string Value)[] headers)
    {
        var properties = Plain();
        properties.Headers = new Dictionary<string, object?>();
        foreach (var (name, value) in headers.Append(("MT-MessageType", "urn:message:Saga.Messaging:Bundle")))
            properties.Headers[name] = value;
        return properties;
    }
}
