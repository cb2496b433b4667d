using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Waits;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using System.Text.Json;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_an_operation_waits
{
    private static readonly WaitDefinition Approval = new() { For = WaitKind.Approval };

    [Theory, InlineData(false), InlineData(true)]
    public async Task Should_go_on_after_an_answer_that_came_while_nobody_ran(bool rabbit)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = rabbit ? await RabbitServer.NewVirtualHostAsync() : null;
        Guid operation;
        await using (var first = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("two")]))
        {
            operation = await first.SubmitAsync(Waits(Approval));
            await AwaitingAsync(first, operation);
            (await registry.ScalarAsync<string>("select slot || coalesce(next_due_at::text, '') from operations where id = @operation", new { operation })).ShouldBe("released");
        }

        await AnswerAsync(registry, operation, WaitAnswerKind.Approved);

        await using var second = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("two")]);
        (await second.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await second.HistoryAsync(operation)).ShouldBe(
        [
            "started", "stepDispatched:one", "stepSucceeded:one", "stepAwaiting:ask", "waitAnswered:ask", "stepSucceeded:ask", "stepDispatched:two", "stepSucceeded:two", "completed",
        ]);
    }

    [Fact]
    public async Task Should_undo_what_ran_when_it_is_rejected()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        TenantId tenant = default;
        var one = new ScriptedStep("one");
        one = new ScriptedStep("one")
        {
            OnExecute = (context, _) =>
            {
                tenant = context.TenantId;
                one.Act(tenant);
                return Task.CompletedTask;
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [one, new ScriptedStep("two")]);
        var operation = await host.SubmitAsync(Waits(Approval));
        await AwaitingAsync(host, operation);
        one.Holds(tenant).ShouldBeTrue();

        await AnswerAsync(registry, operation, WaitAnswerKind.Rejected);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Compensated);
        one.Holds(tenant).ShouldBeFalse();
        (await registry.ScalarAsync<string>("select failure->>'code' from operations where id = @operation", new { operation })).ShouldBe("rejected");
        (await registry.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_hand_an_early_signal_with_its_data_to_a_later_step()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var goes = new TaskCompletionSource();
        WaitOutput? read = null;
        ScriptedStep one = new("one") { OnExecute = (_, cancellationToken) => goes.Task.WaitAsync(cancellationToken) };
        await using var host = await EngineHost.StartAsync(registry, null, [one, new Reader("two", output => read = output)]);
        var operation = await host.SubmitAsync(Waits(new() { For = WaitKind.Signal, Signal = "paid" }));
        await Until.TrueAsync(() => Task.FromResult(!one.Calls.IsEmpty), "the first step runs");

        (await AnswerAsync(registry, operation, WaitAnswerKind.Signalled, new { invoice = 7 })).ShouldBe(new WaitMatch.Found("ask", Awaiting: false));
        goes.SetResult();

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (read!.How, read.By, read.Data!.Value.GetProperty("invoice").GetInt32()).ShouldBe(("signalled", "ada", 7));
    }

    [Fact]
    public async Task Should_go_on_by_the_registrys_clock_when_its_time_is_over()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one"), new ScriptedStep("two")]);

        var operation = await host.SubmitAsync(Waits(new() { For = WaitKind.Time, Lasts = TimeSpan.FromSeconds(1) }));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<bool>("select finished_at >= started_at + interval '1 second' from operation_steps where operation_id = @operation and step = 'ask'", new { operation })).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_give_slots_to_answered_operations_one_after_the_other()
    {
        const int Operations = 8;
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (atWork, most) = (0, 0);
        ScriptedStep two = new("two")
        {
            OnExecute = async (context, cancellationToken) =>
            {
                var now = Interlocked.Increment(ref atWork);
                most = Math.Max(most, now);
                await new LeasedTransactions(registry, new RegistryClock()).RequireAsync(context.Lease, cancellationToken);
                Interlocked.Decrement(ref atWork);
            },
        };
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one"), two], settings: ("Saga:Admission:Slots", "2"));
        var operations = await Task.WhenAll(Enumerable.Range(0, Operations).Select(_ => host.SubmitAsync(Waits(Approval))));
        // More wait than there are slots.
        foreach (var operation in operations)
            await AwaitingAsync(host, operation);
        (await registry.ScalarAsync<long>("select count(*) from operations where slot = 'admitted'")).ShouldBe(0);

        await Task.WhenAll(operations.Select(o => AnswerAsync(registry, o, WaitAnswerKind.Approved)));

        foreach (var operation in operations)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        most.ShouldBeInRange(1, 2);
    }

    private static WorkflowDefinition Waits(WaitDefinition wait) => (EngineHost.Chain("one", "ask", "two") with { EngineLevel = EngineLevel.Waits })
        .Each(s => s.Name == "ask" ? s with { Worker = "", Wait = wait } : s).Validated();

    private static Task AwaitingAsync(EngineHost host, Guid operation) => Until.TrueAsync(
        async () => await host.Registry.ScalarAsync<long>("select count(*) from operation_steps where operation_id = @operation and status = 'awaiting'", new { operation }) == 1, "it waits");

    private static async Task<WaitMatch?> AnswerAsync(Npgsql.NpgsqlDataSource registry, Guid operation, WaitAnswerKind kind, object? data = null) =>
        await new SqlWaitStore(registry, new RegistryClock(), EngineLevel.Current).AnswerAsync(
            operation,
            new()
            {
                Signal = kind == WaitAnswerKind.Signalled ? "paid" : null,
                Answer = new() { Kind = kind, By = "ada", Reason = "so be it", Data = data is null ? null : JsonSerializer.SerializeToElement(data), At = default },
            },
            default);

    private sealed class Reader(string name, Action<WaitOutput> read) : IStep
    {
        public string Name { get; } = name;

        public IReadOnlyList<string> Needs => ["ask"];

        public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
        {
            read(context.Output<WaitOutput>("ask"));
            return Task.FromResult<object?>(null);
        }

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
