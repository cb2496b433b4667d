using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saga.Contracts;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.DeadLetters;
using Saga.Registry.Notifications;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>
/// A second build in separate processes adds a step, an operation state, a step status, a message, a required message field and an
/// engine level. Both versions work on one registry and one broker at the same time.
/// </summary>
public sealed class When_tomorrows_version_runs_beside_todays
{
    private const int Each = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly WorkflowDefinition Today = EngineHost.Chain("one", "three").Each(s => s with { MaxAttempts = 1 });
    private static readonly WorkflowDefinition Tomorrow = EngineHost.Chain("one", "new", "three").Each(s => s with { MaxAttempts = 1 }) with { Version = 2, EngineLevel = EngineLevel.Current.Value + 1 };

    [Fact]
    public async Task Should_lose_nothing_with_its_orchestrator_and_todays_workers()
    {
        await using var registry = await NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var todaysWorker = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("three")], orchestrate: false);
        var orchestrator = await NextProcess.OrchestrateAsync(registry, bus);
        var (todays, tomorrows) = await SubmitAsync(registry);

        await EndAsync(todaysWorker, todays);
        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from operation_steps where step = 'new' and held_by = 'worker'") == Each,
            "the current worker defers the step that it does not know", Patience);
        (await registry.ScalarAsync<long>("select count(*) from operations where id = any(@tomorrows) and finished_at is null", new { tomorrows })).ShouldBe(Each);

        await using (await NextProcess.WorkAsync(registry, bus, "one", "new", "three"))
        {
            // Meanwhile the next version's orchestrator dies and comes back.
            await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from progress") > 0, "the next version's worker is running", Patience);
            await orchestrator.KillAsync();
            await orchestrator.DisposeAsync();
            orchestrator = await NextProcess.OrchestrateAsync(registry, bus);
            await using (orchestrator)
            {
                await EndAsync(todaysWorker, tomorrows);
                await NoAttemptWasSpentAsync(registry);
                await ProgressIsKnownAsync(registry);
            }
        }

        (await registry.ScalarAsync<long>("select count(*) from dead_letters")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_lose_nothing_with_its_workers_and_todays_orchestrator()
    {
        await using var registry = await NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        var today = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("three")], settings: EngineHost.Impatient);
        await using var worker = await NextProcess.WorkAsync(registry, bus, "one", "new", "three");
        var (todays, tomorrows) = await SubmitAsync(registry);

        // Dispatches without the field that the next version's worker requires are kept, and are sent again until the current worker gets them.
        await EndAsync(today, todays);
        await NoAttemptWasSpentAsync(registry);
        // Which worker gets a dispatch is the broker's choice, so there are more until the next version's worker got one.
        await Until.TrueAsync(async () =>
        {
            if (await registry.ScalarAsync<long>("select count(*) from dead_letters") > 0)
                return true;
            await EndAsync(today, [await EngineHost.SubmitAsync(registry, Today)]);
            return false;
        }, "the next version's worker takes some of them", Patience);
        await NoAttemptWasSpentAsync(registry);
        (await registry.ScalarAsync<long>("select count(*) from dead_letters where reason <> 'unreadable' or message_type not like '%.ExecuteStep'")).ShouldBe(0);
        // Operations that the current orchestrator does not know wait, with a reason.
        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from unreadable_operations where operation_id = any(@tomorrows) and reason like @reason", new { tomorrows, reason = $"%needs engine level {Tomorrow.EngineLevel}%" }) == Each,
            "all are postponed", Patience);
        (await registry.ScalarAsync<long>("select count(*) from operation_steps where operation_id = any(@tomorrows)", new { tomorrows })).ShouldBe(0, "nothing was started");

        // Both orchestrators consume one queue now. The next version's dies meanwhile and comes back.
        var next = await NextProcess.OrchestrateAsync(registry, bus);
        var more = await SubmitAsync(registry);
        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from operations where id = any(@tomorrows) and state = 'completed'", new { tomorrows }) > 0, "the next version's operations run", Patience);
        await next.KillAsync();
        await next.DisposeAsync();
        next = await NextProcess.OrchestrateAsync(registry, bus);
        await using (next)
        {
            await EndAsync(today, [.. tomorrows, .. more.Todays, .. more.Tomorrows]);
            await NoAttemptWasSpentAsync(registry);

            // Running alone, the next version reads what the current one could not. Nothing was lost.
            await today.DisposeAsync();
            await ReturnAsync(registry, "type-unknown");
            await ProgressIsKnownAsync(registry);
        }
    }

    private static async Task<NpgsqlDataSource> NewRegistryAsync()
    {
        var registry = await PostgresServer.NewRegistryAsync();
        await registry.ExecuteAsync("create table progress (operation_id uuid, step text, primary key (operation_id, step))");
        return registry;
    }

    private static async Task<(Guid[] Todays, Guid[] Tomorrows)> SubmitAsync(NpgsqlDataSource registry)
    {
        var todays = Enumerable.Range(0, Each).Select(_ => EngineHost.SubmitAsync(registry, Today)).ToList();
        var tomorrows = Enumerable.Range(0, Each).Select(_ => EngineHost.SubmitAsync(registry, Tomorrow)).ToList();
        return (await Task.WhenAll(todays), await Task.WhenAll(tomorrows));
    }

    private static async Task EndAsync(EngineHost host, IEnumerable<Guid> operations)
    {
        foreach (var operation in operations)
        {
            OperationState? ended = null;
            await Until.TrueAsync(
                async () => Enum.TryParse<OperationState>(await host.Registry.ScalarAsync<string>("select state from operations where id = @operation", new { operation }), ignoreCase: true, out var state)
                    && (ended = state) is OperationState.Completed or OperationState.Compensated or OperationState.Stalled or OperationState.Cancelled,
                $"operation {operation} ends", Patience);
            ended.ShouldBe(OperationState.Completed);
        }
    }

    private static async Task NoAttemptWasSpentAsync(NpgsqlDataSource registry) =>
        (await registry.ScalarAsync<int>("select max(attempt) from operation_steps")).ShouldBe(1, "no attempt was spent");

    // Each execution of the new step reports its progress, and only the next version's worker executes it.
    private static Task ProgressIsKnownAsync(NpgsqlDataSource registry) => Until.TrueAsync(
        async () => await registry.ScalarAsync<bool>("select count(*) filter (where exists (select from progress p where p.operation_id = s.operation_id and p.step = 'new')) = count(*) and count(*) > 0 from operation_steps s where step = 'new'"),
        "the reports about the new step were stored");

    private static async Task ReturnAsync(NpgsqlDataSource registry, string reason)
    {
        var letters = new DeadLetterStore(registry, new RegistryNotifier(registry, NullLogger<RegistryNotifier>.Instance));
        // Both orchestrators consumed messages from the queue.
        (await registry.ScalarAsync<long>("select count(*) from dead_letters where reason = @reason", new { reason })).ShouldBeGreaterThan(0);
        while ((await letters.ListAsync(new() { Reason = reason, Waiting = true }, null, 200, TestContext.Current.CancellationToken)).Items is { Count: > 0 } waiting)
        {
            foreach (var letter in waiting)
                (await letters.ReturnAsync(letter.Id, "ada", "Tomorrow's version knows it.", TestContext.Current.CancellationToken)).ShouldBe(DeadLetterReturn.Returned);
        }
    }
}
