using Dapper;
using Saga.Engine.Operations;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_attempts_overlap
{
    [Fact]
    public async Task Should_never_compensate_beside_the_step_and_let_a_late_attempt_write_nothing()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var leased = new LeasedTransactions(registry, new RegistryClock());
        var inside = 0;
        var beside = false;
        var refused = new TaskCompletionSource<Exception?>();
        var step = new ScriptedStep("one")
        {
            // Ignores cancellation until the attempt is given up, but ends before its lease does.
            OnExecute = async (context, _) =>
            {
                Interlocked.Increment(ref inside);
                await Until.TrueAsync(() => FenceAboveAsync(context.Lease), "the attempt is given up and its compensation sent");
                try
                {
                    await using var transaction = await leased.BeginAsync(context.Lease, default);
                    await transaction.Connection.ExecuteAsync("update tenants set name = 'late' where id = @Value", context.TenantId, transaction.Transaction);
                    await transaction.CommitAsync(default);
                    refused.SetResult(null);
                }
                catch (Exception error)
                {
                    refused.SetResult(error);
                }

                Interlocked.Decrement(ref inside);
            },
            OnCompensate = (_, _) =>
            {
                beside |= Volatile.Read(ref inside) > 0;
                return Task.CompletedTask;
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [step], settings: ("Saga:Workers:LeaseSeconds", "10"));

        var operation = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with
        {
            MaxAttempts = 1, AttemptTimeout = TimeSpan.FromSeconds(1), Deadline = TimeSpan.FromSeconds(60),
        }));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Compensated);
        (await refused.Task).ShouldBeOfType<LeaseLostException>();
        beside.ShouldBeFalse();
        (await registry.ScalarAsync<long>("select count(*) from tenants where name = 'late'")).ShouldBe(0);

        async Task<bool> FenceAboveAsync(StepLease lease) => await registry.ScalarAsync<long>(
            "select fence from operation_steps where operation_id = @OperationId and step = @Step", lease) > lease.Fence;
    }

    [Fact]
    public async Task Should_keep_a_long_step_alive_past_its_lease_by_renewal()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var step = new ScriptedStep("one")
        {
            OnExecute = async (context, cancellationToken) =>
            {
                var end = await registry.ScalarAsync<DateTime>("select expires_at + interval '1 second' from operation_steps where operation_id = @OperationId", context.Lease);
                await Until.TrueAsync(async () => await registry.ScalarAsync<bool>("select now() > @end", new { end }), "the first lease would have ended");
                cancellationToken.ThrowIfCancellationRequested();
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [step]);

        var operation = await host.SubmitAsync(EngineHost.Chain("one"));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        step.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_cancel_the_work_whose_lease_is_lost()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var cancelled = new TaskCompletionSource();
        var tries = 0;
        var step = new ScriptedStep("one")
        {
            OnExecute = async (context, cancellationToken) =>
            {
                if (Interlocked.Increment(ref tries) > 1)
                    return;
                await registry.ExecuteAsync("update operation_steps set holder = gen_random_uuid(), expires_at = now() where operation_id = @OperationId", context.Lease);
                using var stop = cancellationToken.Register(cancelled.SetResult);
                await Task.Delay(Timeout.Infinite, cancellationToken);
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [step]);

        var operation = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromMinutes(10), Backoff = TimeSpan.Zero }));

        // Long before the attempt's time is over.
        await cancelled.Task.WaitAsync(WaitLimit.Seconds(10));
        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<int>("select attempt from operation_history where event = 'stepSucceeded'")).ShouldBe(1, "losing a lease costs no attempt");
    }

    [Fact]
    public async Task Should_try_again_when_the_lease_of_a_dead_holder_has_ended()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var step = new ScriptedStep("one");
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one"));
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from operation_steps") == 1, "the step is dispatched");
        await registry.ExecuteAsync(
            """
            update operation_steps set holder = gen_random_uuid(), held_fence = fence, taken_at = now(), expires_at = now() + interval '2 seconds',
                lost_at = now() + interval '4 seconds', watched_until = now() + interval '4 seconds'
            """);

        await using var worker = await EngineHost.StartAsync(registry, bus, [step], orchestrate: false);

        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await orchestrator.HistoryAsync(operation)).ShouldBe(["started", "stepDispatched:one", "stepFailed:one", "stepDispatched:one", "stepSucceeded:one", "completed"]);
        (await registry.ScalarAsync<string>("select data -> 'failure' ->> 'code' from operation_history where event = 'stepFailed'")).ShouldBe("worker-lost");
        (await registry.ScalarAsync<int>("select attempt from operation_history where event = 'stepSucceeded'")).ShouldBe(2);
    }
}
