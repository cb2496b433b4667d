using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_messages_go_astray
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_act_once_on_messages_that_come_twice(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var gate = new TaskCompletionSource();
        var steps = new ScriptedStep[] { new("one"), new("two") { OnExecute = (_, _) => gate.Task } };
        await using var host = await EngineHost.StartAsync(registry, rabbit ? await RabbitServer.NewVirtualHostAsync() : null, steps);
        var operation = await host.SubmitAsync(EngineHost.Chain("one", "two"));
        await Until.TrueAsync(() => Task.FromResult(!steps[1].Calls.IsEmpty), "the second step runs");
        var tenant = new TenantId(await registry.ScalarAsync<Guid>("select tenant_id from operations where id = @operation", new { operation }));
        var id = Guid.CreateVersion7();

        for (var times = 0; times < 5; times++)
        {
            await host.SendAsync(Endpoints.Operations, new OperationSubmitted { OperationId = operation }, id);
            await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = operation, Step = "one", Fence = 1 });
            await host.SendAsync(Endpoints.Worker(EngineHost.Worker), new ExecuteStep
            {
                OperationId = operation, TenantId = tenant, Step = "one", Fence = 1, Attempt = 1, Deadline = TimeProvider.System.GetUtcNow().AddMinutes(1),
            });
            await host.SendAsync(Endpoints.Operations, new OperationDue { OperationId = operation });
        }

        gate.SetResult();
        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await host.HistoryAsync(operation)).ShouldBe(
            ["started", "stepDispatched:one", "stepSucceeded:one", "stepDispatched:two", "stepSucceeded:two", "completed"]);
        steps[0].Calls.Count.ShouldBe(1);
        steps[1].Calls.Count.ShouldBe(1);
    }

    // Recognised by its id, because nothing else distinguishes a second delivery from a second message.
    [Fact]
    public async Task Should_send_again_once_when_the_order_to_do_so_comes_twice()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        // There is no worker, so only these messages advance the operation.
        await using var host = await EngineHost.StartAsync(registry, null, []);
        var operation = await host.SubmitAsync(EngineHost.Chain("one"));
        await Until.TrueAsync(async () => (await host.HistoryAsync(operation)).Contains("stepDispatched:one"), "the step is sent");
        var (twice, last) = (Guid.CreateVersion7(), Guid.CreateVersion7());

        foreach (var id in (Guid[])[twice, twice, twice, last])
        {
            // As if a worker had finished it and its report was lost. Only then is it sent under a new fencing token.
            await registry.ExecuteAsync("update operation_steps set taken_at = now()");
            await host.SendAsync(Endpoints.Operations, new OperationForgotten { OperationId = operation }, id);
            await Until.TrueAsync(
                async () => await registry.ScalarAsync<long>("select count(*) from operation_history where message_id = @id", new { id }) == 1, "it has arrived");
        }

        (await host.HistoryAsync(operation)).ShouldBe(["started", "stepDispatched:one", "stepDispatched:one", "stepDispatched:one"]);
    }

    [Fact]
    public async Task Should_end_the_lease_with_the_report_that_came_under_it()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, []);
        var operation = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with { Backoff = TimeSpan.Zero }));
        await Until.TrueAsync(async () => (await host.HistoryAsync(operation)).Contains("stepDispatched:one"), "the step is sent");
        await registry.ExecuteAsync("update operation_steps set holder = gen_random_uuid(), held_fence = fence, expires_at = now() + interval '1 hour'");

        await host.SendAsync(Endpoints.Operations, new StepFailed
        {
            OperationId = operation, Step = "one", Fence = 1, Failure = new Failure { Code = "away", Message = "Away.", Transient = true },
        });

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select fence from operation_steps") == 2, "it is sent again");
        (await registry.ScalarAsync<long>("select count(*) from operation_steps where holder is null and expires_at is null and not settled")).ShouldBe(1, "nothing is waited for");
    }

    [Fact]
    public async Task Should_ignore_reports_from_the_future_and_of_other_steps()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var gate = new TaskCompletionSource();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one") { OnExecute = (_, _) => gate.Task }, new ScriptedStep("two")]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one", "two"));
        await Until.TrueAsync(async () => (await host.HistoryAsync(operation)).Count == 2, "the first step is sent");

        await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = operation, Step = "two", Fence = 1 });
        await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = operation, Step = "one", Fence = 2 });
        await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = operation, Step = "stranger", Fence = 1 });
        await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = Guid.CreateVersion7(), Step = "one", Fence = 1 });
        gate.SetResult();

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await host.HistoryAsync(operation)).Count.ShouldBe(6);
    }

    [Fact]
    public async Task Should_send_a_lost_dispatch_again_at_no_cost()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromSeconds(1), Backoff = TimeSpan.Zero }));
        await Until.TrueAsync(async () => (await orchestrator.HistoryAsync(operation)).Contains("stepDispatched:one"), "the step is dispatched");
        // No worker has created its queue yet, so the message is still in the outbox, where the test deletes it.
        await registry.ExecuteAsync("delete from outbox");

        await using var worker = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one")], orchestrate: false);

        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await orchestrator.HistoryAsync(operation)).ShouldBe(["started", "stepDispatched:one", "stepSucceeded:one", "completed"]);
        (await registry.ScalarAsync<string>("select fence || ' ' || attempt from operation_steps")).ShouldBe("1 1", "a dispatch that no worker took costs no attempt");
    }

    [Fact]
    public async Task Should_keep_messages_for_a_worker_that_starts_later()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one"));
        await Until.TrueAsync(async () => (await orchestrator.HistoryAsync(operation)).Contains("stepDispatched:one"), "the step is dispatched");

        await using var worker = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one")], orchestrate: false);

        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await orchestrator.HistoryAsync(operation)).ShouldBe(["started", "stepDispatched:one", "stepSucceeded:one", "completed"], "the first message arrived late");
    }

    [Fact]
    public async Task Should_start_by_the_sweeper_an_operation_whose_first_message_is_lost()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var operation = await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));
        await registry.ExecuteAsync("delete from outbox; update operations set next_due_at = now()");

        await using var host = await EngineHost.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), [new ScriptedStep("one")]);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }

    [Fact]
    public async Task Should_relay_what_a_crashed_process_had_claimed()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var operation = await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));
        await registry.ExecuteAsync("update outbox set claimed_until = now() + interval '1 second'; update operations set next_due_at = null");

        await using var host = await EngineHost.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), [new ScriptedStep("one")]);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from outbox") == 0, "the outbox is empty");
    }

    [Fact]
    public async Task Should_continue_past_an_operation_that_cannot_be_read_and_a_message_that_cannot()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), [new ScriptedStep("one")]);
        var broken = await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));
        await registry.ExecuteAsync("update operations set state = 'unheard-of' where id = @broken", new { broken });
        await host.SendAsync(Endpoints.Operations, new OperationDue { OperationId = broken });
        await host.SendAsync(Endpoints.Operations, new OperationAccepted { OperationId = broken, TenantId = default, Location = "/of/another/type" });

        var operations = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.SubmitAsync(EngineHost.Chain("one"))));

        foreach (var operation in operations)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }
}
