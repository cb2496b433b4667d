using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Messaging;
using Saga.Registry;
using Saga.Registry.Operations;
using Saga.Registry.Replays;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_stalled_operation_is_replayed
{
    private bool mended;

    [Fact]
    public async Task Should_run_what_failed_again_and_complete()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await StartAsync(registry);
        var operation = await StalledAsync(host, "two");
        mended = true;

        (await ReplayAsync(host, new() { OperationId = operation, Reason = "It is mended." })).ShouldBeOfType<CommandAccepted>();

        await EndsAsync(host, operation, OperationState.Completed);
        (await host.HistoryAsync(operation)).SkipWhile(e => e != "replayRequested").ShouldBe(
            ["replayRequested", "replayed", "stepDispatched:two", "stepSucceeded:two", "stepDispatched:three", "stepSucceeded:three", "completed"]);
        (await registry.ScalarAsync<string>("select actor || ' ' || (detail->>'reason') from audit where action = 'operation.replay' and operation_id = @operation", new { operation })).ShouldBe("ada It is mended.");
        (await registry.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_skip_a_step_and_keep_that_apart_from_one_that_ran()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await StartAsync(registry);
        var operation = await StalledAsync(host, "two");

        await ReplayAsync(host, new() { OperationId = operation, Reason = "It is done by hand.", Skip = [new() { Step = "two", Reason = "Done by hand." }] });

        await EndsAsync(host, operation, OperationState.Completed);
        (await registry.ScalarAsync<string>("select status from operation_steps where step = 'two'")).ShouldBe("waived");
        (await new OperationStore(registry).FindAsync(operation))!.Steps.Select(s => s.Status).ShouldBe([StepStatus.Succeeded, StepStatus.Waived, StepStatus.Succeeded]);
    }

    [Fact]
    public async Task Should_go_on_undoing()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await StartAsync(registry);
        var operation = await host.SubmitAsync(EngineHost.Chain("one", "undoneOnceMended", "fails"));
        (await host.EndAsync(operation)).ShouldBe(OperationState.Stalled);
        mended = true;

        await ReplayAsync(host, new() { OperationId = operation, Reason = "It is mended." });

        await EndsAsync(host, operation, OperationState.Compensated);
        (await registry.ScalarAsync<long>("select count(*) from operation_steps where status = 'compensated'")).ShouldBe(3);
    }

    [Theory]
    [InlineData(true, "waived waived", "verify", OperationState.Completed)]
    [InlineData(false, "compensationWaived compensationWaived", "", OperationState.Compensated)]
    public async Task Should_be_forced_to_its_end_by_what_is_stated(bool forward, string statuses, string scheduled, OperationState end)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await StartAsync(registry);
        var forced = new ForcedEnds { Completed = TenantStatus.Active, Undone = TenantStatus.Failed, Statable = ["two", "three"] };
        var operation = forward ? await StalledAsync(host, "two", forced) : await host.SubmitAsync(EngineHost.Chain("one", "undoneOnceMended", "fails") with { Forced = forced });
        await host.EndAsync(operation);
        var (effect, steps) = forward ? (StatedEffect.Done, new[] { "two", "three" }) : (StatedEffect.Absent, ["undoneOnceMended", "one"]);

        (await ReplayAsync(host, new() { OperationId = operation, Reason = "I looked.", Mode = ReplayMode.ForceComplete, States = steps.ToDictionary(s => s, _ => effect) })).ShouldBeOfType<CommandAccepted>();

        await EndsAsync(host, operation, end);
        (await registry.ScalarAsync<string>("select string_agg(status, ' ') from operation_steps where step = any(@steps)", new { steps })).ShouldBe(statuses);
        (await host.HistoryAsync(operation)).ShouldNotContain("replayRefused");
        (await registry.ScalarAsync<string>("select coalesce(string_agg(kind, ' ' order by kind), '') from scheduled_commands where after_operation = @operation", new { operation })).ShouldBe(scheduled);
        // The steps of this workflow make nothing that scans compare.
        var check = await new ReplayCheckStore(registry, new RegistryClock()).FindAsync(operation, TestContext.Current.CancellationToken);
        (ReplayOutcome.StageOf(check!.Facts), check.Facts.CarriedOut, check.Facts.ExpectsUndone).ShouldBe((ReplayStage.Unverified, true, !forward));
    }

    [Fact]
    public async Task Should_be_ordered_over_the_bus_and_once_only()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await StartAsync(registry, await RabbitServer.NewVirtualHostAsync());
        var operation = await StalledAsync(host, "two");
        mended = true;
        var client = host.Services.GetRequiredService<IBus>().CreateRequestClient<ReplayOperation>(
            host.Services.GetRequiredService<BusAddresses>().Queue(Endpoints.Replays), RequestTimeout.After(s: 30));
        var order = new ReplayOperation { OperationId = operation, Reason = "It is mended.", IdempotencyKey = "once" };

        var first = await client.GetResponse<OperationAccepted>(order, TestContext.Current.CancellationToken);
        await EndsAsync(host, operation, OperationState.Completed);
        var second = await client.GetResponse<OperationAccepted>(order, TestContext.Current.CancellationToken);
        var refused = await client.GetResponse<OperationRejected>(order with { IdempotencyKey = null }, TestContext.Current.CancellationToken);

        (first.Message.OperationId, second.Message.OperationId).ShouldBe((operation, operation));
        (refused.Message.Code, refused.Message.Detail).ShouldBe((RejectionCodes.OperationNotReplayable, "The operation has completed, so there is nothing to replay."));
        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'operation.replay'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_carry_out_one_of_many_orders_that_are_based_on_the_same_version()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await StartAsync(registry);
        var operation = await StalledAsync(host, "two");
        mended = true;
        var version = (await new OperationStore(registry).FindAsync(operation))!.Version;

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => ReplayAsync(host, new() { OperationId = operation, Reason = $"Operator {n}.", ExpectedVersion = version })));

        outcomes.OfType<CommandAccepted>().Count().ShouldBe(1);
        outcomes.OfType<CommandRejected>().ShouldAllBe(r => r.Rejection.Code == RejectionCodes.OperationMoved);
        await EndsAsync(host, operation, OperationState.Completed);
        (await host.HistoryAsync(operation)).Count(e => e is "replayed" or "replayRefused").ShouldBe(1);
    }

    // It is stalled until the order reaches it.
    private static Task EndsAsync(EngineHost host, Guid operation, OperationState end) => Until.TrueAsync(
        async () => await host.Registry.ScalarAsync<string>("select state from operations where id = @operation", new { operation }) == OperationStateNames.Of(end), $"it is {end}");

    private static async Task<Guid> StalledAsync(EngineHost host, string stallsAt, ForcedEnds? forced = null)
    {
        var operation = await host.SubmitAsync(new WorkflowDefinition
        {
            Kind = "test",
            Version = 1,
            Forced = forced,
            Steps =
            [
                new() { Name = "one", Worker = EngineHost.Worker, Kind = StepKind.Pivot },
                new() { Name = stallsAt, Worker = EngineHost.Worker, Kind = StepKind.Retriable, After = ["one"], MaxAttempts = 1 },
                new() { Name = "three", Worker = EngineHost.Worker, Kind = StepKind.Retriable, After = [stallsAt] },
            ],
        }.Validated());
        (await host.EndAsync(operation)).ShouldBe(OperationState.Stalled);
        return operation;
    }

    private Task<EngineHost> StartAsync(NpgsqlDataSource registry, string? rabbit = null) => EngineHost.StartAsync(registry, rabbit,
    [
        new ScriptedStep("one"),
        new ScriptedStep("two") { OnExecute = (_, _) => mended ? Task.CompletedTask : throw Broken() },
        new ScriptedStep("three"),
        new ScriptedStep("undoneOnceMended") { OnCompensate = (_, _) => mended ? Task.CompletedTask : throw Broken() },
        new ScriptedStep("fails") { OnExecute = (_, _) => throw Broken() },
    ]);

    private static StepFailureException Broken() => new(new Failure { Code = "broken", Message = "It is broken.", Kind = FailureKind.Permanent });

    private static Task<IntakeOutcome> ReplayAsync(EngineHost host, ReplayOperation order) => host.Services.GetRequiredService<ICommandIntake<ReplayOperation>>()
        .SubmitAsync(order, Caller.OfToken("ada", isAdministrator: true), TestContext.Current.CancellationToken);
}
