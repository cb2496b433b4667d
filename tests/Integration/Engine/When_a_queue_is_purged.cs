using RabbitMQ.Client;
using Saga.Contracts;
using Saga.Contracts.Workflows;
using Saga.Registry.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>Somebody empties a queue of the broker while operations run: the sweeper brings all of them to their end.</summary>
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
        var gate = new TaskCompletionSource();
        var step = new ScriptedStep("one") { OnExecute = (_, _) => gate.Task };
        await using var host = await EngineHost.StartAsync(registry, bus, [step], settings: ("Saga:Workers:Concurrency", "1"));
        var operations = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.SubmitAsync(Workflow)));

        // One is worked on, one is fetched ahead: the others wait in the queue.
        await PurgedAsync(bus, Endpoints.Worker(EngineHost.Worker), 18);
        gate.SetResult();

        foreach (var operation in operations)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<long>("select count(distinct operation_id) from operation_history where event = 'stepTimedOut'")).ShouldBeGreaterThanOrEqualTo(18);
    }

    [Fact]
    public async Task Should_have_the_work_done_again_whose_reports_are_lost()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        var gate = new TaskCompletionSource();
        var step = new ScriptedStep("one") { OnExecute = (_, _) => gate.Task };
        await using var host = await EngineHost.StartAsync(registry, bus, [step], settings: ("Saga:Workers:Concurrency", "256"));
        var operations = await Task.WhenAll(Enumerable.Range(0, 150).Select(_ => host.SubmitAsync(Workflow)));
        await Until.TrueAsync(() => Task.FromResult(step.Calls.Count >= 150), "all run");

        // The orchestrator stands still: what it has not fetched of the reports, at most 128, waits in the queue.
        await using (var connection = await registry.OpenConnectionAsync())
        await using (await connection.BeginTransactionAsync())
        {
            await using var block = connection.CreateCommand();
            block.CommandText = "select 1 from operations for update";
            await block.ExecuteNonQueryAsync();
            gate.SetResult();
            await PurgedAsync(bus, Endpoints.Operations, 20);
        }

        foreach (var operation in operations)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        step.Calls.Count.ShouldBeGreaterThanOrEqualTo(170, "what lost its report is done again");
    }

    private static async Task PurgedAsync(string bus, string queue, uint messages)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(bus) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        var purged = 0u;
        await Until.TrueAsync(async () => (purged += await channel.QueuePurgeAsync(queue)) >= messages, $"{messages} messages of {queue} are purged");
    }
}
