using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using RabbitMQ.Client;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Registry.DeadLetters;
using Saga.Registry.Notifications;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Messages;

public sealed class When_a_message_cannot_be_consumed
{
    private const string Complete = """{"name": "Acme", "slug": "acme", "plan": "basic", "adminEmail": "admin@acme.example"}""";

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_be_kept_with_its_reason_and_block_nothing(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, [new ScriptedStep("one")]);
        var id = Guid.CreateVersion7();

        await host.SendAsync(Endpoints.Operations, new OperationAccepted { OperationId = id, TenantId = default, Location = "/of/another/type" }, id);

        var letter = await LetterAsync(registry);
        (letter.Queue, letter.MessageId, letter.Reason, letter.Type).ShouldBe((Endpoints.Operations, id, "no-consumer", "Saga.Contracts.Commands.OperationAccepted"));
        (await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("one")))).ShouldBe(OperationState.Completed);
    }

    [Theory]
    [InlineData("""{"name": "Acme"}""", "unreadable", "Saga.Contracts.Commands.ProvisionTenant")]
    [InlineData("no JSON", "unreadable", null)]
    public async Task Should_be_kept_although_it_can_not_even_be_read(string body, string reason, string? type)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var address = await RabbitServer.NewVirtualHostAsync();
        await using var host = await EngineHost.StartAsync(registry, address, []);
        await using var broker = new Broker(address);
        using var counter = new Measurements("saga.dead_letters");
        var id = Guid.CreateVersion7();

        await broker.PublishAsync(Endpoints.Commands, "", body, new BasicProperties { ContentType = "application/json", MessageId = id.ToString() });

        var letter = await LetterAsync(registry);
        (letter.Queue, letter.MessageId, letter.Reason, letter.Type).ShouldBe((Endpoints.Commands, id, reason, type));
        // It is counted once it is kept.
        await Until.TrueAsync(() => Task.FromResult(counter.Take().Any(m => m.Value == 1 && Equals(m.Tags["saga.queue"], Endpoints.Commands) && Equals(m.Tags["saga.reason"], reason))), "it is counted");
        letter.Body.ShouldBe(type is null ? Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(body)) : body);
    }

    [Fact]
    public async Task Should_be_kept_when_it_was_delivered_too_often()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var address = await RabbitServer.NewVirtualHostAsync();
        await using (await EngineHost.StartAsync(registry, address, []))
        {
            // Creates the queues.
        }

        await using var broker = new Broker(address);
        var id = Guid.CreateVersion7();
        await broker.PublishAsync(Endpoints.Commands, "", Complete, new BasicProperties { ContentType = "application/json", MessageId = id.ToString() });
        await Until.TrueAsync(async () => await broker.LookAsync(Endpoints.QueueOf(Endpoints.Commands)) is { Messages: 1 }, "it is in its queue");
        (await broker.RejectAsync(Endpoints.QueueOf(Endpoints.Commands), times: 100)).ShouldBe(51, "the limit is the process's own, not the broker's");

        await using var host = await EngineHost.StartAsync(registry, address, []);

        var letter = await LetterAsync(registry);
        (letter.Queue, letter.MessageId, letter.Reason, letter.Body).ShouldBe((Endpoints.Commands, id, "delivered-too-often", Complete));
    }

    [Fact]
    public async Task Should_be_consumed_when_it_is_returned_and_can_be_by_then()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var address = await RabbitServer.NewVirtualHostAsync();
        await using var host = await EngineHost.StartAsync(registry, address, [new ScriptedStep("one")]);
        await using var broker = new Broker(address);
        await broker.PublishAsync(Endpoints.Commands, "", """{"name": "Acme"}""", new BasicProperties { ContentType = "application/json", MessageId = Guid.CreateVersion7().ToString() });
        var letter = await LetterAsync(registry);
        // A message that only a newer version can read.
        await registry.ExecuteAsync("update dead_letters set body = @Complete", new { Complete });
        var store = new DeadLetterStore(registry, new RegistryNotifier(registry, NullLogger<RegistryNotifier>.Instance));

        (await store.ReturnAsync(letter.Id, "ann", "mended", TestContext.Current.CancellationToken)).ShouldBe(DeadLetterReturn.Returned);
        (await store.ReturnAsync(letter.Id, "ben", "mended", TestContext.Current.CancellationToken)).ShouldBe(DeadLetterReturn.AlreadyReturned);

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operations") == 1, "the command is an operation");
        (await registry.ScalarAsync<string>("select actor || ' ' || (detail->>'reason') from audit where action = 'deadLetter.return'")).ShouldBe("ann mended");
        (await store.CountWaitingAsync(TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task Should_come_back_when_it_is_returned_and_still_cannot_be()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, []);
        await host.SendAsync(Endpoints.Operations, new OperationAccepted { OperationId = Guid.CreateVersion7(), TenantId = default, Location = "/" });
        var letter = await LetterAsync(registry);

        await new DeadLetterStore(registry, new RegistryNotifier(registry, NullLogger<RegistryNotifier>.Instance)).ReturnAsync(letter.Id, "ann", "try again", TestContext.Current.CancellationToken);

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from dead_letters where times = 2 and returned_at is null and id = @Id", letter) == 1, "it is back");
    }

    private static async Task<Letter> LetterAsync(NpgsqlDataSource registry)
    {
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from dead_letters") == 1, "there is a dead letter");
        await using var connection = await registry.OpenConnectionAsync();
        return await connection.QuerySingleAsync<Letter>("select id, queue, message_id as MessageId, reason, message_type as Type, body from dead_letters");
    }

    private sealed record Letter(Guid Id, string Queue, Guid MessageId, string Reason, string? Type, string Body);
}
