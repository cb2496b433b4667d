using RabbitMQ.Client;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>Somebody purges a queue while operations run. The sweeper brings all of them to completion.</summary>
public sealed class When_a_queue_is_purged
{
    private static readonly WorkflowDefinition Workflow = EngineHost.Chain("one").Each(s => s with
    {
        MaxAttempts = 20, AttemptTimeout = TimeSpan.FromSeconds(3), Deadline = TimeSpan.FromMinutes(2), Backoff = TimeSpan.Zero,
    });

    [Fact]
    public async Task Should_send_lost_dispatches_again()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        // A worker once ran, so its queue exists, but nobody reads it now.
        await (await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one")], orchestrate: false)).DisposeAsync();
        await using var host = await EngineHost.StartAsync(registry, bus, []);
        var operations = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.SubmitAsync(Workflow)));

        await PurgedAsync(bus, Endpoints.Worker(EngineHost.Worker));
        await using var worker = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one")], orchestrate: false);

        foreach (var operation in operations)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<long>("select max(deliveries) from operation_steps")).ShouldBeGreaterThan(1, "the purged messages are missing");
        (await registry.ScalarAsync<long>("select max(fence) from operation_steps")).ShouldBe(1, "at no cost of an attempt");
    }

    [Fact]
    public async Task Should_repeat_the_work_when_reports_are_lost()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        var gate = new TaskCompletionSource();
        var step = new ScriptedStep("one") { OnExecute = (_, _) => gate.Task };
        await using var worker = await EngineHost.StartAsync(registry, bus, [step], orchestrate: false, ("Saga:Workers:Concurrency", "32"));
        var first = await EngineHost.StartAsync(registry, bus, []);
        var operations = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => first.SubmitAsync(Workflow)));
        await Until.TrueAsync(() => Task.FromResult(step.Calls.Count == 20), "all run");
        await first.DisposeAsync();

        // Nobody reads their reports.
        gate.SetResult();
        await PurgedAsync(bus, Endpoints.Operations);
        await using var second = await EngineHost.StartAsync(registry, bus, []);

        foreach (var operation in operations)
            (await second.EndAsync(operation)).ShouldBe(OperationState.Completed);
        step.Calls.Count.ShouldBeGreaterThan(20, "a step whose report was lost is repeated");
    }

    private static async Task PurgedAsync(string bus, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(bus) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await Until.TrueAsync(async () => await channel.QueuePurgeAsync(Endpoints.QueueOf(queue)) > 0, $"{queue} has something to lose");
    }
}
