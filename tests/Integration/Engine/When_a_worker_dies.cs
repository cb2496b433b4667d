using Npgsql;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>
/// A worker takes a step and disappears: the lease ends without a renewal or a report. Here the step ends its own lease and ignores
/// the cancellation that follows.
/// </summary>
public sealed class When_a_worker_dies
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_make_another_attempt_long_before_the_first_ones_time_is_over(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (deaths, buried) = (0, new TaskCompletionSource());
        var step = new ScriptedStep("one")
        {
            OnExecute = (context, _) => Interlocked.Increment(ref deaths) == 1 ? DieAsync(registry, context, buried.Task) : Task.CompletedTask,
        };
        await using var host = await EngineHost.StartAsync(registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, [step]);

        var operation = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromHours(1), Deadline = TimeSpan.FromHours(1) }));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        buried.SetResult();
        (await registry.ScalarAsync<string>("select data -> 'failure' ->> 'code' from operation_history where event = 'stepFailed'")).ShouldBe("worker-lost");
        (await registry.ScalarAsync<string>("select fence || ' ' || attempt from operation_steps")).ShouldBe("2 2");
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Should_stall_the_operation_after_three_in_a_row_while_the_workers_other_steps_continue(bool back)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var buried = new TaskCompletionSource();
        EngineHost? host = null;
        var deadly = back ? new ScriptedStep("deadly") { OnCompensate = OutliveAsync } : new ScriptedStep("deadly") { OnExecute = OutliveAsync };
        var refused = new ScriptedStep("refused") { OnExecute = (_, _) => back ? throw StepFailureException.Permanent("no", "No.") : Task.CompletedTask };
        await using (host = await EngineHost.StartAsync(registry, null, [deadly, refused, new ScriptedStep("other")]))
        {
            var operation = await host.SubmitAsync(EngineHost.Chain("deadly", "refused").Each(s => s with { MaxAttempts = 10, Backoff = TimeSpan.Zero }));

            (await host.EndAsync(operation)).ShouldBe(OperationState.Stalled, "nothing is assumed before or after the pivot");
            buried.SetResult();
            (await registry.ScalarAsync<string>("select failure ->> 'code' from operations where id = @operation", new { operation })).ShouldBe("poisonous");
            deadly.Calls.Count(c => c == (back ? "compensate" : "execute")).ShouldBe(3);
            (await host.HistoryAsync(operation)).Contains("compensationStarted:refused").ShouldBe(back);
        }

        async Task OutliveAsync(StepContext context, CancellationToken cancellationToken)
        {
            (await host!.EndAsync(await host.SubmitAsync(EngineHost.Chain("other")))).ShouldBe(OperationState.Completed);
            await DieAsync(registry, context, buried.Task);
        }
    }

    private static async Task DieAsync(NpgsqlDataSource registry, StepContext context, Task buried)
    {
        await registry.ExecuteAsync(
            """
            update operation_steps set holder = gen_random_uuid(), expires_at = now() - interval '1 second', lost_at = now(), watched_until = now()
            where operation_id = @OperationId and step = @Step
            """, context.Lease);
        await buried;
    }
}
