using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_compensations_meet_a_backlog
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_not_wait_behind_steps(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (refuse, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var refused = new ScriptedStep("refused")
        {
            OnExecute = async (_, cancellationToken) =>
            {
                await refuse.Task.WaitAsync(cancellationToken);
                throw StepFailureException.Permanent("no", "No.");
            },
        };
        var slow = new ScriptedStep("slow") { OnExecute = (_, cancellationToken) => gate.Task.WaitAsync(cancellationToken) };
        await using var host = await EngineHost.StartAsync(
            registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, [refused, slow],
            // A lease that a busy machine lets end would send the first step to the end of the line.
            settings: [("Saga:Workers:Concurrency", "1"), ("Saga:Workers:LeaseSeconds", "60")]);
        var turned = await host.SubmitAsync(EngineHost.Chain("refused"));
        await Until.TrueAsync(() => Task.FromResult(!refused.Calls.IsEmpty), "it has the only slot");
        var backlog = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => host.SubmitAsync(EngineHost.Chain("slow"))));
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operation_steps where step = 'slow'") == 30, "all are dispatched");

        refuse.SetResult();

        (await host.EndAsync(turned)).ShouldBe(OperationState.Compensated);
        slow.Calls.Count.ShouldBe(1, "the others still wait for the slot");
        gate.SetResult();
        foreach (var operation in backlog)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }
}
