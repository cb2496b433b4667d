using System.Text.Json;
using Saga.Api.Operations;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Registry.Operations;
using Saga.Registry.Scopes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Api;

public sealed class When_an_operation_says_what_it_waits_for
{
    private static readonly DateTimeOffset Now = new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Should_name_what_holds_each_step_and_what_comes_first()
    {
        var operation = Running(
            new() { Name = "retried", Status = StepStatus.Waiting, Attempt = 2, DueAt = Now.AddSeconds(30), Deadline = Now.AddMinutes(9), Failure = new() { Code = "x", Message = "y", System = "redis" } },
            new() { Name = "deferred", Status = StepStatus.Deferred, DeferredBy = "keycloak", DeferredSince = Now.AddHours(-1), DueAt = Now.AddSeconds(5) },
            new() { Name = "leased", Status = StepStatus.Deferred, DeferredBy = "lease", DeferredSince = Now, DueAt = Now.AddSeconds(7) },
            new() { Name = "sent", Status = StepStatus.Running, DispatchedAt = Now.AddSeconds(-3), DueAt = Now.AddSeconds(20) },
            new() { Name = "working", Status = StepStatus.Running, DispatchedAt = Now.AddSeconds(-3), TakenAt = Now.AddSeconds(-2), LostAt = Now.AddSeconds(13), DueAt = Now.AddSeconds(90) },
            new() { Name = "approved", Status = StepStatus.Awaiting, StartedAt = Now.AddMinutes(-5), DueAt = Now.AddDays(1) });

        PendingView.Of(operation, []).Select(Shown).ShouldBe(
        [
            "deferred: system keycloak since -3600 next 5 until 18000 lease ", "leased: lease  since 0 next 7 until 21600 lease ", "sent: worker  since -3 next 20 until  lease ",
            "retried: retry redis since  next 30 until 540 lease ", "working: result  since -2 next  until 58 lease 13", "approved: approval  since -300 next  until 86400 lease ",
        ]);
        PendingView.Following(operation).ShouldBe(["last"]);
    }

    [Fact]
    public void Should_name_the_scope_or_the_slot_that_the_whole_operation_waits_for()
    {
        var accepted = Running() with { State = OperationState.Accepted, Slot = SlotState.Waiting, Awaits = new AwaitedScope(Now, Now.AddHours(1), null) };

        PendingView.Of(accepted, []).Select(Shown).ShouldBe([": scope  since 0 next  until 3600 lease "]);
        PendingView.Of(accepted with { Awaits = null, Slot = SlotState.Queued, SlotSince = Now.AddSeconds(-9) }, []).Select(Shown).ShouldBe([": slot  since -9 next  until  lease "]);
    }

    [Fact]
    public void Should_name_the_operator_when_it_is_stalled_and_nothing_when_it_has_ended()
    {
        var stalled = Running(new StepRun { Name = "retried", Status = StepStatus.Failed }) with { State = OperationState.Stalled };

        PendingView.Of(stalled, [new() { Id = 1, At = Now.AddSeconds(-4), Event = "stalled" }]).Select(Shown).ShouldBe([": operator  since -4 next  until  lease "]);
        PendingView.Following(stalled).ShouldBeEmpty();
        PendingView.Of(stalled with { State = OperationState.Compensated }, []).ShouldBeEmpty();
    }

    [Fact]
    public void Should_name_compensations_only_while_it_goes_back()
    {
        var back = Running(
            new() { Name = "retried", Status = StepStatus.CompensationWaiting, DueAt = Now.AddSeconds(3) }, new() { Name = "sent", Status = StepStatus.Waiting, DueAt = Now.AddSeconds(1) })
            with { State = OperationState.Compensating };

        PendingView.Of(back, []).Select(p => $"{p.Step} {p.For}").ShouldBe(["retried retry"]);
    }

    [Fact]
    public void Should_say_who_did_what()
    {
        var operation = Running() with { RequestedBy = "user:ada", CreatedAt = Now.AddMinutes(-1) };

        var actions = ActionView.Of(
            operation,
            [
                Line("stepDispatched", null), Line("waitAnswered", new { answer = "approved", by = "user:bob", reason = "It is fine." }) with { Step = "approved" },
                Line("stepFailed", new { failure = new { code = "x" } }), Line("cancelRequested", new { actor = "user:eve", reason = "It was a mistake." }),
            ]);

        actions.Select(a => $"{a.By} {a.Event} {a.Answer} {a.Step} {a.Reason}").ShouldBe(
            ["user:ada accepted   ", "user:bob waitAnswered approved approved It is fine.", "user:eve cancelRequested   It was a mistake."]);
        actions[0].At.ShouldBe(Now.AddMinutes(-1));
    }

    private static HistoryLine Line(string name, object? data) =>
        new() { Id = 1, At = Now, Event = name, Data = data is null ? null : JsonSerializer.SerializeToElement(data, Json.Options) };

    private static string Shown(PendingView pending) =>
        $"{pending.Step}: {pending.For} {pending.System} since {(pending.Since - Now)?.TotalSeconds} next {(pending.NextAt - Now)?.TotalSeconds} until {(pending.Until - Now)?.TotalSeconds} lease {(pending.LeaseUntil - Now)?.TotalSeconds}";

    private static Operation Running(params StepRun[] runs)
    {
        string[] names = ["retried", "deferred", "leased", "sent", "working", "approved"];
        var workflow = new WorkflowDefinition
        {
            Kind = "test", Version = 1,
            Steps =
            [
                .. names.Select(n => new StepDefinition { Name = n, Worker = "test", Wait = n == "approved" ? new() { For = WaitKind.Approval } : null }),
                new() { Name = "last", Worker = "test", After = names }, new() { Name = "after", Worker = "test", After = ["last"] },
            ],
        };
        return new()
        {
            Id = Guid.NewGuid(), Kind = "test", State = OperationState.Running, Slot = SlotState.Admitted, Workflow = workflow, Steps = StepRun.InOrder(workflow, runs),
            RequestedBy = "test", Version = 1, CreatedAt = Now, UpdatedAt = Now,
        };
    }
}
