using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_worker_is_stopped_in_a_transaction
{
    // The host has the test's connections, without the registry's limit for idle transactions, so the row stays locked.
    [Fact]
    public async Task Should_block_no_operation_but_its_own()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var leased = new LeasedTransactions(registry, new RegistryClock());
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

    [Fact]
    public async Task Should_cancel_no_step_of_its_process_and_be_ended_by_the_server()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        LeasedTransactions? leased = null;
        var began = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        LeasedTransaction? open = null;
        var stopped = new ScriptedStep("one")
        {
            OnExecute = async (context, _) =>
            {
                if (began.Task.IsCompleted)
                    return;
                open = await leased!.BeginAsync(context.Lease, CancellationToken.None);
                began.SetResult();
                await goOn.Task;
            },
        };
        var other = LongStep.Renewed(registry, "two", TimeSpan.FromSeconds(6));
        await using var host = await EngineHost.StartAsInProductionAsync(registry, [stopped, other], ("Saga:Registry:IdleInTransactionSeconds", "5"));
        // Before the host stops, also when the test fails.
        using var resumes = new Resumption(goOn);
        leased = host.Services.GetRequiredService<LeasedTransactions>();
        var stuck = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromSeconds(2), Backoff = TimeSpan.Zero }));
        await began.Task;

        (await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("two")), TimeSpan.FromMinutes(1))).ShouldBe(OperationState.Completed);

        other.Calls.ShouldHaveSingleItem("it was not interrupted");
        // The first attempt is never resumed: the server ended its transaction.
        (await host.EndAsync(stuck, TimeSpan.FromMinutes(1))).ShouldBe(OperationState.Completed);
        await Should.ThrowAsync<NpgsqlException>(open!.CommitAsync(default));
        await open.DisposeAsync();
    }

    private sealed class Resumption(TaskCompletionSource step) : IDisposable
    {
        public void Dispose() => step.TrySetResult();
    }
}
