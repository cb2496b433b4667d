using Npgsql;
using RabbitMQ.Client;
using Saga.Contracts;
using Saga.Tests.Integration.Api;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Messages;

public sealed class When_the_registry_is_away_from_the_bus
{
    [Fact]
    public async Task Should_leave_messages_in_their_queues_and_lose_none()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var direct = new NpgsqlConnectionStringBuilder(registry.ConnectionString);
        using var line = new TcpProxy(direct.Host!, direct.Port);
        var admin = new NpgsqlConnectionStringBuilder(await PostgresServer.AdminConnectionStringAsync()) { Database = direct.Database, Host = "127.0.0.1", Port = line.Port };
        await using var through = NpgsqlDataSource.Create(admin);
        var address = await RabbitServer.NewVirtualHostAsync();
        await using var broker = new Broker(address);
        await using var host = await EngineHost.StartAsync(through, address, [new ScriptedStep("one")], settings: ("Saga:Bus:PauseAfterSeconds", "1"));
        (await EndAsync(registry, await EngineHost.SubmitAsync(registry, EngineHost.Chain("one")))).ShouldBe("completed");

        line.Cut();
        for (var count = 0; count < 10; count++)
        {
            await broker.PublishAsync(
                Endpoints.Commands, "", $$"""{"name": "Acme", "slug": "acme-{{count}}", "plan": "basic", "adminEmail": "admin@acme.example"}""",
                new BasicProperties { ContentType = "application/json", MessageId = Guid.CreateVersion7().ToString() });
        }

        await Until.TrueAsync(
            async () => await broker.LookAsync(Endpoints.QueueOf(Endpoints.Commands)) == (10, 0), "nothing is consumed, and nothing has left the queue", TimeSpan.FromSeconds(60));
        line.Repair();

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operations where kind <> 'test'") == 10, "all are accepted", TimeSpan.FromSeconds(60));
        (await registry.ScalarAsync<long>("select count(*) from dead_letters")).ShouldBe(0);
        (await EndAsync(registry, await EngineHost.SubmitAsync(registry, EngineHost.Chain("one")))).ShouldBe("completed");
    }

    private static async Task<string?> EndAsync(NpgsqlDataSource registry, Guid operation)
    {
        string? state = null;
        await Until.TrueAsync(
            async () => (state = await registry.ScalarAsync<string>("select state from operations where id = @operation", new { operation })) is "completed" or "stalled" or "compensated", $"{operation} ends");
        return state;
    }
}
