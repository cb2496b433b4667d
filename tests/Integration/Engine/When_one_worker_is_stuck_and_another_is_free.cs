using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>The broker sends a message only once while its receiver is connected, so what a stuck worker has received waits there.</summary>
public sealed class When_one_worker_is_stuck_and_another_is_free
{
    private const int Operations = 120;
    private const int Slots = 4;
    // What the stuck worker may have received: what runs in its slots, and what WorkerEndpoint lets wait there.
    private const int Withheld = Slots + (2 * Slots);

    [Fact]
    public async Task Should_leave_all_but_a_few_steps_to_the_free_one()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var rabbit = await RabbitServer.NewVirtualHostAsync();
        var gate = new TaskCompletionSource();
        var stuck = new ScriptedStep("one") { OnExecute = (_, cancellationToken) => gate.Task.WaitAsync(cancellationToken) };
        // Nothing is sent again meanwhile.
        (string, string)[] settings = [("Saga:Workers:Concurrency", "4"), ("Saga:Workers:LeaseSeconds", "60"), ("Saga:Orchestrator:RedeliverySeconds", "600")];
        await using var first = await EngineHost.StartAsync(registry, rabbit, [stuck], settings: settings);
        var workflow = EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromMinutes(10) });
        var operations = await Task.WhenAll(Enumerable.Range(0, Operations).Select(_ => first.SubmitAsync(workflow)));
        await Until.TrueAsync(() => Task.FromResult(stuck.Calls.Count == Slots), "its slots are taken");
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from outbox") == 0 && await CountAsync("dispatched") == Operations, "all steps are dispatched");

        await using var second = await EngineHost.StartAsync(registry, rabbit, [new ScriptedStep("one")], orchestrate: false, settings);

        await Until.TrueAsync(async () => await CountAsync("succeeded") >= Operations - Withheld, "the free worker runs the others");
        stuck.Calls.Count.ShouldBe(Slots);
        gate.SetResult();
        foreach (var operation in operations)
            (await first.EndAsync(operation)).ShouldBe(OperationState.Completed);

        Task<long> CountAsync(string state) => registry.ScalarAsync<long>(
            state == "dispatched" ? "select count(*) from operation_steps where fence > 0" : "select count(*) from operation_steps where status = 'succeeded'");
    }
}
