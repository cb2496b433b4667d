using Dapper;
using Npgsql;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>One worker hangs with what it has taken, while another has nothing to do.</summary>
public sealed class When_a_worker_is_slow
{
    private const int Operations = 96;
    private const int Concurrency = 2;
    // Steps at work, and one full batch of messages that wait for them.
    private const int Most = Concurrency + 8;

    [Fact]
    public async Task Should_take_no_more_messages_than_it_can_soon_work_on()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        var operations = new List<Guid>();
        for (var i = 0; i < Operations; i++)
            operations.Add(await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"), notify: false));
        var gate = new TaskCompletionSource();
        var hangs = new ScriptedStep("one") { OnExecute = (_, cancellationToken) => gate.Task.WaitAsync(cancellationToken) };
        await using var slow = await EngineHost.StartAsync(registry, bus, [hangs], orchestrate: false, ("Saga:Workers:Concurrency", $"{Concurrency}"));
        // So many slots that every dispatch is sent at once, in batches.
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, [], settings: ("Saga:Admission:Slots", "1000"));
        await Until.TrueAsync(async () => hangs.Calls.Count == Concurrency && await CountAsync(registry, "stepDispatched") == Operations && await EmptyOutboxAsync(registry), "every dispatch is on its way");

        var works = new ScriptedStep("one");
        await using var idle = await EngineHost.StartAsync(registry, bus, [works], orchestrate: false, ("Saga:Workers:Concurrency", $"{Concurrency}"));

        await Until.TrueAsync(() => Task.FromResult(works.Calls.Count >= Operations - Most), $"the idle worker does all but {Most}");
        hangs.Calls.Count.ShouldBe(Concurrency, "it works on no more than it is told to");
        gate.SetResult();
        foreach (var operation in operations)
            (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (hangs.Calls.Count + works.Calls.Count).ShouldBe(Operations);
    }

    private static async Task<bool> EmptyOutboxAsync(NpgsqlDataSource registry) => await registry.ScalarAsync<long>("select count(*) from outbox") == 0;

    private static async Task<long> CountAsync(NpgsqlDataSource registry, string line)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("select count(*) from operation_history where event = @line", new { line });
    }
}
