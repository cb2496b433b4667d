using Saga.Engine.Workflows;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>More steps than a worker can run within an attempt's time. All of them are healthy.</summary>
public sealed class When_a_worker_has_a_backlog
{
    [Fact]
    public async Task Should_complete_every_operation_at_its_first_attempt()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var step = new ScriptedStep("one") { OnExecute = (_, cancellationToken) => Task.Delay(200, cancellationToken) };
        await using var host = await EngineHost.StartAsync(registry, null, [step], settings: ("Saga:Workers:Concurrency", "1"));
        var workflow = EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromSeconds(2), Backoff = TimeSpan.FromMilliseconds(50) });

        var operations = await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => host.SubmitAsync(workflow)));

        var ends = new List<OperationState>();
        foreach (var operation in operations)
            ends.Add(await host.EndAsync(operation, TimeSpan.FromSeconds(120)));
        ends.ShouldAllBe(end => end == OperationState.Completed);
        step.Calls.Count.ShouldBe(120);
        (await registry.ScalarAsync<long>("select count(*) from operation_history where event not in ('started', 'stepDispatched', 'stepSucceeded', 'completed')")).ShouldBe(0);
        (await registry.ScalarAsync<long>("select max(fence) from operation_steps")).ShouldBe(1, "a dispatch that no worker took is sent again under the same fencing token");
    }
}
