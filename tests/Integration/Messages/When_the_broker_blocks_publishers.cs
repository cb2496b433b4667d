using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Messaging;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Messages;

/// <summary>RabbitMQ is short of memory: it keeps connections open but reads nothing from those that publish.</summary>
public sealed class When_the_broker_blocks_publishers
{
    private const int Operations = 6;
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_cost_no_attempt_and_undo_nothing()
    {
        var broker = await RabbitServer.StartAsync();
        var address = await broker.AddVirtualHostAsync();
        await using var registry = await PostgresServer.NewRegistryAsync();
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var step = new ScriptedStep("one") { OnExecute = (_, cancellationToken) => done.Task.WaitAsync(cancellationToken) };
        // A longer lease than other tests use: the lease is not the subject, and a busy machine must not end it.
        await using var worker = await EngineHost.StartAsync(registry, address, [step], orchestrate: false, ("Saga:Workers:LeaseSeconds", "30"));
        await using var orchestrator = await EngineHost.StartAsync(registry, address, []);
        var workflow = EngineHost.Chain("one").Each(s => s with { AttemptTimeout = Attempt, MaxAttempts = 1 });
        var operations = new List<Guid>();
        for (var i = 0; i < Operations; i++)
            operations.Add(await orchestrator.SubmitAsync(workflow));
        await Until.TrueAsync(() => Task.FromResult(step.Calls.Count == Operations), "all are at work", Patience);
        // Ends before the hosts do, whatever fails below: a host whose broker answers nothing stops only after several timeouts.
        await using var alarm = await Alarm.RaiseAsync(broker);
        await BlockAsync(worker, operations[0]);

        done.SetResult();

        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from operation_steps where report_until is not null") == Operations, "their reports are awaited", Patience);
        operations.Add(await orchestrator.SubmitAsync(workflow));
        await Until.TrueAsync(
            async () => await registry.ScalarAsync<bool>("select bool_and(now() > taken_at + @longer) from operation_steps", new { longer = Attempt + TimeSpan.FromSeconds(10) }),
            "the alarm lasts longer than an attempt may take", 3 * Attempt);
        (await HealthAsync(worker)).ShouldSatisfyAllConditions(
            h => h.Status.ShouldBe(HealthStatus.Degraded), h => h.Description!.ShouldContain("short of memory"));
        await Until.TrueAsync(async () => (await HealthAsync(orchestrator)).Status == HealthStatus.Degraded, "the orchestrator notices it as well", Patience);
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from admission_limit where slots < 12") == 1, "it counts as overload", Patience);

        await alarm.DisposeAsync();

        foreach (var operation in operations)
        {
            (await orchestrator.EndAsync(operation, TimeSpan.FromMinutes(2))).ShouldBe(OperationState.Completed);
            (await orchestrator.HistoryAsync(operation)).ShouldNotContain(line => line.StartsWith("stepTimedOut", StringComparison.Ordinal) || line.StartsWith("stepFailed", StringComparison.Ordinal));
        }

        (await registry.ScalarAsync<int>("select max(attempt) from operation_steps")).ShouldBe(1);
        step.Calls.Count.ShouldBe(operations.Count, "no work was repeated");
        await Until.TrueAsync(async () => (await HealthAsync(worker)).Status == HealthStatus.Healthy, "the broker accepts messages again", Patience);
    }

    private static async Task<HealthReportEntry> HealthAsync(EngineHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["broker-flow"];

    // The broker stops reading from a connection only when it has taken one more message from it. Without this, the reports themselves
    // might be that message.
    private static Task BlockAsync(EngineHost host, Guid operation) => Until.TrueAsync(
        async () =>
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
            try
            {
                await host.Services.GetRequiredService<QueueSender>().SendAsync(Endpoints.Operations, new OperationDue { OperationId = operation }, Guid.CreateVersion7(), limit.Token);
            }
            catch (OperationCanceledException)
            {
                // It was not confirmed.
            }

            return (await HealthAsync(host)).Status == HealthStatus.Degraded;
        }, "the broker reads nothing from the worker", Patience);

    /// <summary>The broker's memory alarm, until it is disposed.</summary>
    private sealed class Alarm(RabbitServer broker) : IAsyncDisposable
    {
        public static async Task<Alarm> RaiseAsync(RabbitServer broker)
        {
            await broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");
            return new Alarm(broker);
        }

        public async ValueTask DisposeAsync() => await broker.ControlAsync("set_vm_memory_high_watermark", "0.8");
    }
}
