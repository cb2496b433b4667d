using System.Diagnostics;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_host_stops
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_stop_within_two_seconds_when_idle(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var host = await EngineHost.StartAsync(registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, [new ScriptedStep("one")]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one"));
        await host.EndAsync(operation);

        var clock = Stopwatch.StartNew();
        await host.DisposeAsync();

        clock.Elapsed.ShouldBeLessThan(WaitLimit.Seconds(2));
    }

    [Fact]
    public async Task Should_finish_in_a_new_process_what_the_in_memory_bus_forgot()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var cut = ScriptedStep.Hanging("two", out var began);
        // Longer than this test waits, so the stop must release the lease.
        var first = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one"), cut], settings: ("Saga:Workers:LeaseSeconds", "300"));
        var operation = await first.SubmitAsync(EngineHost.Chain("one", "two", "three"));
        await began.WaitAsync(WaitLimit.Seconds(30));
        await first.DisposeAsync();

        ScriptedStep[] steps = [new("one"), new("two"), new("three")];
        await using var second = await EngineHost.StartAsync(registry, null, steps);

        (await second.EndAsync(operation)).ShouldBe(OperationState.Completed);
        steps[0].Calls.ShouldBeEmpty("a step with a result is not repeated");
        steps[1].Calls.ShouldNotBeEmpty();
        (await registry.ScalarAsync<int>("select attempt from operation_history where event = 'stepSucceeded' and step = 'two'")).ShouldBe(1, "a worker that stops costs no attempt");
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_wait_for_the_step_under_way_and_for_its_report(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (began, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var step = new ScriptedStep("one")
        {
            OnExecute = (_, cancellationToken) =>
            {
                began.TrySetResult();
                return gate.Task.WaitAsync(cancellationToken);
            },
        };
        var host = await EngineHost.StartAsync(registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, [step]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one"));
        await began.Task.WaitAsync(WaitLimit.Seconds(30));
        await Until.TrueAsync(async () => await registry.ScalarAsync<bool>("select taken_at is not null from operation_steps"), "it is taken");

        var stopping = host.DisposeAsync().AsTask();
        await Task.WhenAny(stopping, Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken));
        stopping.IsCompleted.ShouldBeFalse("the step is running");
        gate.SetResult();
        await stopping;

        (await registry.ScalarAsync<string>("select state from operations where id = @operation", new { operation })).ShouldBe("completed");
        step.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_leave_its_step_to_another_worker_at_no_cost()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var cut = ScriptedStep.Hanging("one", out var began);
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        var first = await EngineHost.StartAsync(registry, bus, [cut], orchestrate: false);
        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one").Each(s => s with { MaxAttempts = 1 }));
        await began.WaitAsync(WaitLimit.Seconds(30));
        await first.DisposeAsync();

        await using var second = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one")], orchestrate: false);

        // Long before the attempt's time is over.
        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }

    [Fact]
    public async Task Should_leave_only_the_cancelled_messages_of_a_batch_to_another_worker()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        // Before the worker's queue exists, so that its first messages arrive in batches.
        var operations = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => orchestrator.SubmitAsync(EngineHost.Chain("one"))));
        var (calls, last) = (0, new TaskCompletionSource());
        var step = new ScriptedStep("one")
        {
            OnExecute = async (_, cancellationToken) =>
            {
                if (Interlocked.Increment(ref calls) < operations.Length)
                    return;
                last.SetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            },
        };
        var first = await EngineHost.StartAsync(registry, bus, [step], orchestrate: false);
        await last.Task.WaitAsync(WaitLimit.Seconds(30));
        await first.DisposeAsync();

        var other = new ScriptedStep("one");
        await using var second = await EngineHost.StartAsync(registry, bus, [other], orchestrate: false);

        foreach (var operation in operations)
            (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
        step.Calls.Count.ShouldBe(operations.Length);
        other.Calls.Count.ShouldBe(1, "the batch's completed messages are not handled again");
    }

    [Fact]
    public async Task Should_undo_in_a_new_process_what_the_in_memory_bus_forgot()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var cut = ScriptedStep.Hanging("one", out var began, back: true);
        var first = await EngineHost.StartAsync(registry, null, [cut, Refusing()]);
        var operation = await first.SubmitAsync(EngineHost.Chain("one", "two"));
        await began.WaitAsync(WaitLimit.Seconds(30));
        await first.DisposeAsync();
        // Whatever happened to the stopped worker's report, nothing is due any more.
        await registry.ExecuteAsync("update operations set next_due_at = null");

        var step = new ScriptedStep("one");
        await using var second = await EngineHost.StartAsync(registry, null, [step, Refusing()]);

        (await second.EndAsync(operation)).ShouldBe(OperationState.Compensated);
        step.Calls.ShouldContain("compensate");

        static ScriptedStep Refusing() => new("two") { OnExecute = (_, _) => throw StepFailureException.Permanent("no", "No.") };
    }

    [Fact]
    public async Task Should_start_in_a_new_process_what_was_accepted_and_forgotten()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var operation = await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));
        await registry.ExecuteAsync("delete from outbox; update operations set next_due_at = null");

        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }
}
