using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using RabbitMQ.Client;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Integration.Messages;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>
/// A newer version adds a step, a status, a tier, a message and a required field. Processes of the older one run beside it, in both roles.
/// </summary>
public sealed class When_versions_run_side_by_side
{
    [Fact]
    public async Task Should_lose_nothing_under_load()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var broker = new Broker(bus);
        await using var older = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("three")]);
        await using var newer = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("new"), new ScriptedStep("three")]);
        var workflow = EngineHost.Chain("one", "new", "three").Each(s => s with { MaxAttempts = 1 });
        var strangers = new ConcurrentBag<Guid>();

        var operations = await Task.WhenAll(Enumerable.Range(0, 30).Select(async n =>
        {
            var operation = await older.SubmitAsync(workflow);
            // A message of a type that only the newer knows, and one with a field that it requires, to the orchestrators and to the workers.
            var (type, queue) = (n % 4) switch
            {
                0 => ("Saga.Contracts.Steps.StepProgressed", Endpoints.Operations),
                1 => ("Saga.Contracts.Steps.StepSucceeded", Endpoints.Operations),
                2 => ("Saga.Contracts.Steps.AwaitStep", Endpoints.Worker(EngineHost.Worker)),
                _ => ("Saga.Contracts.Steps.ExecuteStep", Endpoints.Worker(EngineHost.Worker)),
            };
            var id = Guid.CreateVersion7();
            strangers.Add(id);
            await broker.PublishAsync(queue, "", Batch(id, type, operation), Properties());
            return operation;
        }));

        foreach (var operation in operations)
            (await older.EndAsync(operation, TimeSpan.FromMinutes(3))).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<int>("select max(attempt) from operation_steps")).ShouldBe(1, "no attempt was spent");
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from dead_letters") == strangers.Count, "each message is kept");
        (await registry.ScalarAsync<long>("select count(*) from dead_letters where message_id = any(@ids) and reason in ('type-unknown', 'unreadable')", new { ids = strangers.ToArray() }))
            .ShouldBe(strangers.Count);
    }

    [Fact]
    public async Task Should_defer_alone_a_step_whose_tenant_it_cannot_read()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        var operations = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => orchestrator.SubmitAsync(EngineHost.Chain("one").Each(s => s with { MaxAttempts = 1 }))));
        await registry.ExecuteAsync("alter table tenants drop constraint tenants_tier_check");
        await registry.ExecuteAsync("update tenants t set tier = 'cell' from operations o where o.id = @strange and t.id = o.tenant_id", new { strange = operations[7] });

        // All of them are in the queue by now: leases are taken together.
        await using var worker = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one")], orchestrate: false);

        foreach (var operation in operations.Where((_, n) => n != 7))
            (await orchestrator.EndAsync(operation, TimeSpan.FromMinutes(2))).ShouldBe(OperationState.Completed);
        await Until.TrueAsync(
            async () => await registry.ScalarAsync<string>("select held_by from operation_steps where operation_id = @strange and status = 'held'", new { strange = operations[7] }) == "worker",
            "it is deferred");
        await registry.ExecuteAsync("update tenants set tier = 'row'");
        (await orchestrator.EndAsync(operations[7], TimeSpan.FromMinutes(1))).ShouldBe(OperationState.Completed);
    }

    [Fact]
    public async Task Should_leave_in_the_outbox_what_it_does_not_know_and_look_less_and_less_often()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var unknown = Guid.CreateVersion7();
        await AddAsync(registry, unknown);
        await using (var older = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")], settings: ("Saga:Orchestrator:OutboxClaimSeconds", "2")))
        {
            (await older.EndAsync(await older.SubmitAsync(EngineHost.Chain("one")))).ShouldBe(OperationState.Completed);
            // After a claim of two seconds it is two, four, eight.
            await Until.TrueAsync(
                async () => await registry.ScalarAsync<bool>("select unread >= 3 and claimed_until > now() + interval '4 seconds' from outbox where message_id = @unknown", new { unknown }),
                "it is checked again, less and less often");
        }

        // To the newer version it is what it is.
        await registry.ExecuteAsync(
            "update outbox set message_type = 'Saga.Contracts.Steps.OperationDue', claimed_until = now() + interval '1 hour' where message_id = @unknown", new { unknown });
        await using var newer = await EngineHost.StartAsync(registry, null, []);

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from outbox") == 0, "it has left");
    }

    private static Task AddAsync(NpgsqlDataSource registry, Guid id) => registry.ExecuteAsync(
        """
        insert into outbox (message_id, message_type, destination, body, claimed_until)
        values (@id, 'Saga.Contracts.Steps.StepProgressed', 'saga-operations', @body, '-infinity')
        """,
        new { id, body = $$"""{"operationId": "{{Guid.CreateVersion7()}}"}""" });

    private static string Batch(Guid id, string type, Guid operation) => JsonSerializer.Serialize(new
    {
        messages = new[] { new { id, type, body = new { operationId = operation, step = "one", newlyRequired = 7 } } },
    });

    private static BasicProperties Properties() => new()
    {
        ContentType = "application/json",
        MessageId = Guid.CreateVersion7().ToString(),
        Headers = new Dictionary<string, object?> { ["MT-MessageType"] = "urn:message:Saga.Messaging:MessageBatch" },
    };
}
