using System.Collections.Concurrent;
using System.Diagnostics;
using Saga.Engine.Operations;
using Saga.Orchestrator;
using Saga.Registry.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_an_operation_is_traced : IDisposable
{
    private readonly ConcurrentQueue<Activity> seen = new();
    private readonly ActivityListener listener;

    public When_an_operation_is_traced()
    {
        listener = new()
        {
            ShouldListenTo = source => source.Name is OrchestratorTelemetry.SourceName or WorkersTelemetry.SourceName or "MassTransit",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    [Fact]
    public async Task Should_be_one_trace_from_the_command_to_the_last_step()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one"), new ScriptedStep("two")]);
        var (operation, trace) = await SubmitAsync(registry);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);

        await Until.TrueAsync(() => Task.FromResult(Reports(operation).Count >= 2), "both steps have reported");
        Steps(operation).Select(a => a.TraceId).Distinct().ShouldBe([trace]);
        Reports(operation).Select(a => a.TraceId).Distinct().ShouldBe([trace]);
    }

    [Fact]
    public async Task Should_stay_one_when_another_process_sends_what_one_wrote()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var rabbit = await RabbitServer.NewVirtualHostAsync();
        Guid operation;
        ActivityTraceId trace;
        await using (await EngineHost.StartAsync(registry, rabbit, []))
        {
            (operation, trace) = await SubmitAsync(registry);
            // The worker's queue does not exist yet, so its message stays in the outbox.
            await Until.TrueAsync(async () => await registry.ScalarAsync<bool>("select exists (select 1 from outbox where destination <> 'saga-operations')"), "the first step is dispatched");
            (await registry.ScalarAsync<string>("select traceparent from outbox where destination <> 'saga-operations'")).ShouldStartWith($"00-{trace}-");
        }

        await using var other = await EngineHost.StartAsync(registry, rabbit, [new ScriptedStep("one"), new ScriptedStep("two")]);

        (await other.EndAsync(operation)).ShouldBe(OperationState.Completed);
        Steps(operation).Select(a => a.TraceId).Distinct().ShouldBe([trace]);
    }

    [Fact]
    public async Task Should_stay_one_when_a_step_is_retried()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tries = 0;
        var flaky = new ScriptedStep("one")
        {
            OnExecute = (_, _) => ++tries == 1 ? throw StepFailureException.Transient("away", "It was away.") : Task.CompletedTask,
        };
        await using var host = await EngineHost.StartAsync(registry, null, [flaky, new ScriptedStep("two")]);
        var (operation, trace) = await SubmitAsync(registry);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);

        Steps(operation).Count.ShouldBeGreaterThanOrEqualTo(3);
        Steps(operation).Select(a => a.TraceId).Distinct().ShouldBe([trace]);
    }

    [Fact]
    public async Task Should_stay_one_when_it_continues_in_a_process_whose_bus_forgot_it()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var cut = ScriptedStep.Hanging("one", out var began);
        Guid operation;
        ActivityTraceId trace;
        await using (await EngineHost.StartAsync(registry, null, [cut]))
        {
            (operation, trace) = await SubmitAsync(registry);
            await began.WaitAsync(WaitLimit.Seconds(30));
        }

        await using var other = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one"), new ScriptedStep("two")]);

        (await other.EndAsync(operation)).ShouldBe(OperationState.Completed);
        Steps(operation).Select(a => a.TraceId).Distinct().ShouldBe([trace]);
    }

    public void Dispose() => listener.Dispose();

    private static async Task<(Guid Operation, ActivityTraceId Trace)> SubmitAsync(Npgsql.NpgsqlDataSource registry)
    {
        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        return (await EngineHost.SubmitAsync(registry, EngineHost.Chain("one", "two")), request.TraceId);
    }

    private List<Activity> Steps(Guid operation) => Of(WorkersTelemetry.Step, operation);

    private List<Activity> Reports(Guid operation) => Of(WorkersTelemetry.Report, operation);

    private List<Activity> Of(string name, Guid operation) => [.. seen.Where(a => a.OperationName == name && a.GetTagItem("saga.operation") is Guid id && id == operation)];
}
