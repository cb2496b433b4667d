using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_dispatch_is_delivered_twice
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_let_the_attempt_at_work_finish(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (began, cancelled) = (new TaskCompletionSource(), 0);
        var step = new ScriptedStep("one")
        {
            // Longer than the lease plus the deferral of a second delivery, which would have cancelled it.
            OnExecute = async (context, cancellationToken) =>
            {
                began.TrySetResult();
                await using var stop = cancellationToken.Register(() => Interlocked.Increment(ref cancelled));
                var end = await registry.ScalarAsync<DateTime>("select now() + interval '10 seconds'");
                await Until.TrueAsync(async () => cancellationToken.IsCancellationRequested || await registry.ScalarAsync<bool>("select now() > @end", new { end }), "the work is done");
                cancellationToken.ThrowIfCancellationRequested();
            },
        };
        await using var host = await EngineHost.StartAsync(registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, [step], settings: ("Saga:Workers:LeaseSeconds", "6"));
        var operation = await host.SubmitAsync(EngineHost.Chain("one"));
        await began.Task.WaitAsync(WaitLimit.Seconds(30));
        var tenant = new TenantId(await registry.ScalarAsync<Guid>("select tenant_id from operations where id = @operation", new { operation }));

        await host.SendAsync(Endpoints.Worker(EngineHost.Worker), new ExecuteStep
        {
            OperationId = operation, TenantId = tenant, Step = "one", Fence = 1, Attempt = 1, Deadline = TimeProvider.System.GetUtcNow().AddMinutes(1),
        });

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        step.Calls.Count.ShouldBe(1);
        cancelled.ShouldBe(0);
        (await host.HistoryAsync(operation)).ShouldBe(["started", "stepDispatched:one", "stepSucceeded:one", "completed"]);
    }
}
