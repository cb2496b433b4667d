using Dapper;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_many_processes_share_the_work
{
    [Fact]
    public async Task Should_end_every_operation_and_run_each_dispatch_once()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        ScriptedStep[] here = [new("one"), new("two"), new("three")], there = [new("one"), new("two"), new("three")];
        await using var first = await EngineHost.StartAsync(registry, bus, here);
        await using var second = await EngineHost.StartAsync(registry, bus, there);

        var operations = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => first.SubmitAsync(EngineHost.Chain("one", "two", "three"))));

        foreach (var operation in operations)
            (await first.EndAsync(operation, TimeSpan.FromSeconds(90))).ShouldBe(OperationState.Completed);
        await using var connection = await registry.OpenConnectionAsync();
        (await connection.QueryAsync<string>("select event || ' ' || count(*) from operation_history group by event order by event"))
            .ShouldBe(["completed 100", "started 100", "stepDispatched 300", "stepSucceeded 300"]);
        here.Concat(there).Sum(s => s.Calls.Count).ShouldBe(300);
    }

    [Fact]
    public async Task Should_let_running_operations_keep_the_workflow_they_began_with()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var gate = new TaskCompletionSource();
        ScriptedStep[] steps = [new("one") { OnExecute = (_, _) => gate.Task }, new("two"), new("three")];
        await using var host = await EngineHost.StartAsync(registry, null, steps);
        var old = await host.SubmitAsync(EngineHost.Chain("one", "two"));
        await Until.TrueAsync(() => Task.FromResult(!steps[0].Calls.IsEmpty), "the old one runs");

        var changed = await host.SubmitAsync(EngineHost.Chain("one", "three") with { Version = 2 });
        gate.SetResult();

        (await host.EndAsync(old)).ShouldBe(OperationState.Completed);
        (await host.EndAsync(changed)).ShouldBe(OperationState.Completed);
        (await host.HistoryAsync(old)).ShouldContain("stepSucceeded:two");
        (await host.HistoryAsync(old)).ShouldNotContain("stepSucceeded:three");
        (await host.HistoryAsync(changed)).ShouldNotContain("stepSucceeded:two");
    }
}
