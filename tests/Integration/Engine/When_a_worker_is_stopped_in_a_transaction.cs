using System.Diagnostics;
using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_worker_is_stopped_in_a_transaction
{
    [Fact]
    public async Task Should_block_no_operation_but_its_own()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var leased = new LeasedTransactions(registry);
        var began = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        LeasedTransaction? open = null;
        var stopped = new ScriptedStep("one")
        {
            OnExecute = async (context, _) =>
            {
                open ??= await leased.BeginAsync(context.Lease, CancellationToken.None);
                began.TrySetResult();
                // Like SIGSTOP: no cancellation ends it.
                await goOn.Task;
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [stopped, new ScriptedStep("two")]);
        var stuck = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromSeconds(2), Backoff = TimeSpan.Zero }));
        await began.Task;
        // Its attempt's time is over, and the transition that records this needs the locked row.
        var over = Stopwatch.StartNew();
        var took = new List<double>();

        while (over.Elapsed < TimeSpan.FromSeconds(12))
        {
            var clock = Stopwatch.StartNew();
            (await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("two")))).ShouldBe(OperationState.Completed);
            took.Add(clock.Elapsed.TotalSeconds);
        }

        took.Max().ShouldBeLessThan(5, string.Join(' ', took));
        (await host.HistoryAsync(stuck)).ShouldNotContain("completed");
        await open!.DisposeAsync();
        goOn.SetResult();
    }
}
