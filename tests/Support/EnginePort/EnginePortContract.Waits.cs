using System.Text.Json;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Registry.Transitions;
using Shouldly;
using Xunit;

namespace Saga.Tests.Support.EnginePort;

public abstract partial class EnginePortContract
{
    private static readonly WorkflowDefinition Waiting = new WorkflowDefinition
    {
        Kind = "test", Version = 1, EngineLevel = Engine.EngineLevel.Waits,
        Steps =
        [
            new() { Name = "one", Worker = "w" },
            new() { Name = "ask", Wait = new() { For = WaitKind.Approval }, After = ["one"] },
            new() { Name = "told", Wait = new() { For = WaitKind.Signal, Signal = "paid" }, After = ["one"] },
        ],
    }.Validated();

    [Fact]
    public async Task Should_store_an_answer_and_have_the_operation_woken_at_once_and_again()
    {
        var operation = await AwaitingAsync(SlotState.Admitted);
        (await SweepAsync()).ShouldBeEmpty("it waits without a limit");
        var now = await NowAsync();

        (await AnswerAsync(operation, Approved("ada"))).ShouldBe(new WaitMatch.Found("ask", Awaiting: true));

        var step = (await LoadAsync(operation)).Steps.Single(s => s.Name == "ask");
        (step.Answer!.Kind, step.Answer.By, step.Answer.Reason).ShouldBe((WaitAnswerKind.Approved, "ada", "checked"));
        step.Answer.At.ShouldBe(now, TimeSpan.FromSeconds(10));
        step.DueAt.ShouldNotBeNull().ShouldBe(step.Answer.At, TimeSpan.FromMilliseconds(1));
        (await World.HistoryAsync(operation))[^1].ShouldBe("waitAnswered:ask");
        World.Advance(TimeSpan.FromSeconds(1));
        (await SweepAsync()).ShouldBe([operation]);
        World.Advance(PutOff + TimeSpan.FromSeconds(1));
        (await SweepAsync()).ShouldBe([operation], "the first wake-up may be lost");
    }

    [Fact]
    public async Task Should_let_an_answered_operation_queue_for_a_slot()
    {
        var operation = await AwaitingAsync(SlotState.Released);

        await AnswerAsync(operation, Approved("ada"));

        World.Advance(TimeSpan.FromSeconds(1));
        (await World.Sweep.TakeDueAsync(200, PutOff, default)).Queued.ShouldBe(1);
        (await AdmitAsync(1)).ShouldBe([operation]);
    }

    [Fact]
    public async Task Should_not_wake_one_that_queues_for_a_slot_already()
    {
        var operation = await AwaitingAsync(SlotState.Queued);

        (await AnswerAsync(operation, Approved("ada"))).ShouldBeOfType<WaitMatch.Found>();

        World.Advance(TimeSpan.FromSeconds(1));
        (await SweepAsync()).ShouldBeEmpty();
        (await AdmitAsync(1)).ShouldBe([operation]);
    }

    [Fact]
    public async Task Should_not_wake_one_that_has_stalled()
    {
        var operation = await AwaitingAsync(SlotState.Released, OperationState.Stalled);

        (await AnswerAsync(operation, Approved("ada"))).ShouldBeOfType<WaitMatch.Found>();

        World.Advance(TimeSpan.FromDays(1));
        (await SweepAsync()).ShouldBeEmpty();
        (await LoadAsync(operation)).Steps.Single(s => s.Name == "ask").Answer.ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_keep_an_early_signal_with_its_data_until_the_step_begins()
    {
        var operation = await World.AcceptAsync(Waiting);
        var due = (await LoadAsync(operation)).Stored.DueAt;

        (await AnswerAsync(operation, Signalled("shop", new { amount = 12 }))).ShouldBe(new WaitMatch.Found("told", Awaiting: false));

        var loaded = await LoadAsync(operation);
        loaded.Stored.DueAt.ShouldBe(due, "nothing is due yet");
        (loaded.Steps.Single(s => s.Name == "told").Status, loaded.Steps.Single(s => s.Name == "told").Fence).ShouldBe((StepStatus.Pending, 0L));
        // A transition of the step keeps it.
        await CommitAsync(Change(operation, new StepChange(loaded.Steps.Single(s => s.Name == "told") with { Status = StepStatus.Awaiting }, null)));
        var step = (await LoadAsync(operation)).Steps.Single(s => s.Name == "told");
        step.Answer!.Data!.Value.GetProperty("amount").GetInt32().ShouldBe(12);
        step.Status.ShouldBe(StepStatus.Awaiting);
    }

    [Fact]
    public async Task Should_let_one_of_many_answers_win()
    {
        for (var round = 0; round < 20; round++)
        {
            var operation = await AwaitingAsync(SlotState.Released);

            var matches = await TogetherAsync(4, i => AnswerAsync(operation, i % 2 == 0 ? Approved($"person-{i}") : Rejected($"person-{i}")));

            matches.Count(m => m is WaitMatch.Found).ShouldBe(1, $"round {round}");
            var winner = Array.FindIndex(matches, m => m is WaitMatch.Found);
            matches.OfType<WaitMatch.Unmatched>().Count().ShouldBe(3);
            matches.OfType<WaitMatch.Unmatched>().ShouldAllBe(m => m.Why.Contains($"by person-{winner} at "));
            (await LoadAsync(operation)).Steps.Single(s => s.Name == "ask").Answer!.By.ShouldBe($"person-{winner}");
            (await World.HistoryAsync(operation)).Count(l => l == "waitAnswered:ask").ShouldBe(1);
        }
    }

    [Fact]
    public async Task Should_write_nothing_for_an_answer_that_comes_again_or_finds_nothing()
    {
        var operation = await AwaitingAsync(SlotState.Released);
        await AnswerAsync(operation, Approved("ada"));
        var history = await World.HistoryAsync(operation);

        (await AnswerAsync(operation, Approved("ada"))).ShouldBe(new WaitMatch.Repeated("ask"));
        (await AnswerAsync(operation, Signalled("shop") with { Signal = "shipped" })).ShouldBeOfType<WaitMatch.Unmatched>();
        (await AnswerAsync(Guid.CreateVersion7(), Approved("ada"))).ShouldBeNull();

        (await World.HistoryAsync(operation)).ShouldBe(history);
    }

    [Fact]
    public async Task Should_wait_for_a_transition_and_see_what_it_wrote()
    {
        var operation = await AwaitingAsync(SlotState.Released);
        await using var session = World.Transitions.OpenSession();
        var open = await session.BeginAsync([new OperationMessage(operation, Guid.NewGuid())], default);
        var answering = AnswerAsync(operation, Approved("ada"));

        // Other operations are not locked.
        (await AnswerAsync(await AwaitingAsync(SlotState.Released), Approved("ada"))).ShouldBeOfType<WaitMatch.Found>();
        answering.IsCompleted.ShouldBeFalse();
        await open.CommitAsync([Change(operation) with { Row = new StoredOperation(OperationState.Compensating, null, null) }], [], Claim, default);
        await open.DisposeAsync();

        (await answering).ShouldBeOfType<WaitMatch.Unmatched>().Why.ShouldContain("compensates");
        (await LoadAsync(operation)).Steps.Single(s => s.Name == "ask").Answer.ShouldBeNull();
    }

    [Fact]
    public async Task Should_refuse_an_answer_for_an_operation_that_it_cannot_read()
    {
        var operation = await World.AcceptAsync(Waiting);
        await World.MakeUnreadableAsync(operation);

        (await AnswerAsync(operation, Signalled("shop"))).ShouldBeOfType<WaitMatch.Unmatched>().Why.ShouldContain("levitating");
    }

    private async Task<Guid> AwaitingAsync(SlotState slot, OperationState state = OperationState.Running)
    {
        var operation = await World.AcceptAsync(Waiting);
        await CommitAsync(Change(
            operation,
            new StepChange(new StepRun { Name = "one", Status = StepStatus.Succeeded, Fence = 1, Attempt = 1 }, null),
            new StepChange(new StepRun { Name = "ask", Status = StepStatus.Awaiting }, null)) with { Row = new StoredOperation(state, null, null, slot) });
        return operation;
    }

    private Task<WaitMatch?> AnswerAsync(Guid operation, WaitRequest request) => World.Waits.AnswerAsync(operation, request, default);

    private static WaitRequest Approved(string by) => new() { Answer = new() { Kind = WaitAnswerKind.Approved, By = by, Reason = "checked", At = default } };

    private static WaitRequest Rejected(string by) => new() { Answer = new() { Kind = WaitAnswerKind.Rejected, By = by, Reason = "too dear", At = default } };

    private static WaitRequest Signalled(string by, object? data = null) => new()
    {
        Signal = "paid",
        Answer = new() { Kind = WaitAnswerKind.Signalled, By = by, Data = data is null ? null : JsonSerializer.SerializeToElement(data), At = default },
    };
}
