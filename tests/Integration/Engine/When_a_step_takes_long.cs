using Npgsql;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using System.Collections.Concurrent;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>A step that reports its progress, and may run as long as it does.</summary>
public sealed class When_a_step_takes_long
{
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Should_go_on_beyond_any_fixed_end_without_a_transition()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var copy = new Copying("copy", rows: 12, pause: registry);
        await using var host = await EngineHost.StartAsync(registry, null, [copy]);

        var operation = await host.SubmitAsync(Copies());

        (await host.EndAsync(operation, TimeSpan.FromMinutes(2))).ShouldBe(OperationState.Completed);
        (await host.HistoryAsync(operation)).ShouldBe(["started", "stepDispatched:copy", "stepSucceeded:copy", "completed"]);
        copy.Began.ToArray().ShouldBe([0]);
        copy.Seen.Count.ShouldBeGreaterThan(1, "progress was stored while it ran");
        (await registry.ScalarAsync<bool>("select finished_at - taken_at > interval '3 seconds' from operation_steps where operation_id = @operation", new { operation })).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_give_up_an_attempt_that_stops_making_progress_and_resume_it_where_it_was()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var copy = new Copying("copy", rows: 10, pause: registry) { HangsAt = 5 };
        await using var host = await EngineHost.StartAsync(registry, null, [copy]);

        var operation = await host.SubmitAsync(Copies());

        (await host.EndAsync(operation, TimeSpan.FromMinutes(2))).ShouldBe(OperationState.Completed);
        copy.Began.ToArray().ShouldBe([0, 5]);
        (await registry.ScalarAsync<string>("select data->'failure'->>'code' from operation_history where operation_id = @operation and event in ('stepFailed', 'stepTimedOut')", new { operation })).ShouldBe("no-progress");
    }

    [Fact]
    public async Task Should_resume_in_another_process_where_a_stopped_one_was()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        var first = new Copying("copy", rows: 10, pause: registry) { HangsAt = 4 };
        Guid operation;
        await using (await EngineHost.StartAsync(registry, bus, [first], orchestrate: false, ("Saga:Workers:StopSeconds", "0")))
        {
            operation = await orchestrator.SubmitAsync(Copies());
            await first.Hangs.WaitAsync(WaitLimit.Minutes(1));
        }

        var second = new Copying("copy", rows: 10, pause: registry);
        await using var other = await EngineHost.StartAsync(registry, bus, [second], orchestrate: false);

        (await orchestrator.EndAsync(operation, TimeSpan.FromMinutes(2))).ShouldBe(OperationState.Completed);
        second.Began.ToArray().ShouldBe([4], "also the rows of the last second are not copied again");
        (await registry.ScalarAsync<int>("select attempt from operation_steps where operation_id = @operation", new { operation })).ShouldBe(1, "a stop costs no attempt");
        (await registry.ScalarAsync<bool>("select checkpoint is null from operation_steps where operation_id = @operation", new { operation })).ShouldBeTrue("it has succeeded");
    }

    private static WorkflowDefinition Copies() => (EngineHost.Chain("copy") with { EngineLevel = EngineLevel.Progress })
        .Each(s => s with { StallAfter = Stall, AttemptTimeout = TimeSpan.FromSeconds(1), Backoff = TimeSpan.FromMilliseconds(10) }).Validated();

    private sealed record Place(int Row);

    /// <summary>Copies rows one by one, and waits after each until the registry has its progress.</summary>
    private sealed class Copying(string name, int rows, NpgsqlDataSource pause) : IStep
    {
        private readonly TaskCompletionSource hangs = new();
        private bool hung;

        public string Name { get; } = name;

        /// <summary>The row before which the first attempt stops making progress.</summary>
        public int? HangsAt { get; init; }

        public Task Hangs => hangs.Task;

        /// <summary>The rows at which attempts began.</summary>
        public ConcurrentQueue<int> Began { get; } = new();

        /// <summary>The progress that the registry had meanwhile.</summary>
        public ConcurrentQueue<int> Seen { get; } = new();

        public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
        {
            var from = context.Checkpoint<Place>()?.Row ?? 0;
            Began.Enqueue(from);
            for (var row = from; row < rows; row++)
            {
                if (row == HangsAt && !hung)
                {
                    hung = true;
                    hangs.SetResult();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }

                context.Report(row + 1, rows, "rows", $"copying row {row + 1}", new Place(row + 1));
                // The last row before a hang is not waited for, so that only the flush can store it.
                if (row + 1 != HangsAt)
                    await StoredAsync(context, row + 1, cancellationToken);
            }

            return null;
        }

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        private Task StoredAsync(StepContext context, int row, CancellationToken cancellationToken) => Until.TrueAsync(
            async () =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                var done = await pause.ScalarAsync<int>(
                    "select coalesce((progress->>'done')::int, 0) from operation_steps where operation_id = @OperationId and step = @Step", new { context.OperationId, context.Step });
                Seen.Enqueue(done);
                return done >= row;
            },
            $"row {row} is stored");
    }
}
