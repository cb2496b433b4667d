using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_delivery_is_late
{
    [Fact]
    public async Task Should_be_refused_and_the_dispatch_be_sent_again()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromSeconds(5) }));
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from outbox where destination = @queue", new { queue = Endpoints.Worker(EngineHost.Worker) }) == 1, "the step is dispatched");
        // The queue does not exist yet, so the message waits in the outbox, where the test deletes it.
        await registry.ExecuteAsync("delete from outbox");
        var tenant = new TenantId(await registry.ScalarAsync<Guid>("select tenant_id from operations where id = @operation", new { operation }));
        var step = new ScriptedStep("one") { OnExecute = (context, _) => registry.ExecuteAsync("insert into audit (actor, action) values ('one', 'ran')", context.Lease) };
        await using var worker = await EngineHost.StartAsync(registry, bus, [step], orchestrate: false);

        await orchestrator.SendAsync(Endpoints.Worker(EngineHost.Worker), new ExecuteStep
        {
            OperationId = operation, TenantId = tenant, Step = "one", Fence = 1, Attempt = 1, Deadline = TimeProvider.System.GetUtcNow().AddMinutes(-1),
        });

        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<int>("select deliveries from operation_steps")).ShouldBeGreaterThan(1, "the late one was not taken");
        step.Calls.Count.ShouldBe(1);
    }
}
