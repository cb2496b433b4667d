using CsCheck;
using Saga.Contracts;
using Saga.Contracts.CustomSteps;
using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Engine.Workflows.Custom;
using Saga.Tests.Unit.Engine;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.CustomSteps;

/// <summary>The workflow is first, then left and right, then last, then the pivot, then tell and count.</summary>
public sealed class When_custom_steps_are_put_into_a_workflow
{
    public static TheoryData<string, string, string, CustomStep[]> Wrong => new()
    {
        { "a.b.c", "after", "a.b.c → a.b.c is a cycle", [Steps.Of("a.b.c", "a.b.c")] },
        { "a.b.c", "after", "a.b.c → left → last → a.b.c is a cycle", [Steps.Of("a.b.c", "last") with { Before = ["left"] }] },
        { "a.b.c", "after", "a.b.c → a.b.d → a.b.c is a cycle", [Steps.Of("a.b.c", "a.b.d"), Steps.Of("a.b.d", "a.b.c")] },
        { "a.b.c", "before", "a.b.c → a.b.d → a.b.c is a cycle", [Steps.Of("a.b.c") with { Before = ["a.b.d"] }, Steps.Of("a.b.d") with { Before = ["a.b.c"] }] },
        { "a.b.c", "after", "'a.b.c' comes after the pivot 'pivot' (pivot → a.b.c), from where the operation only goes forward. Say afterPivot: true", [Steps.Of("a.b.c", "pivot")] },
        { "a.b.c", "after", "(pivot → tell → a.b.c)", [Steps.Of("a.b.c", "tell")] },
        { "a.b.c", "after", "(pivot → a.b.d → a.b.c)", [Steps.Of("a.b.c", "a.b.d"), Steps.Late("a.b.d")] },
        { "a.b.c", "before", "'a.b.c' comes after the pivot 'pivot', so it cannot come before 'last'", [Steps.Late("a.b.c") with { Before = ["last"] }] },
        { "a.b.c", "before", "so it cannot come before 'pivot'", [Steps.Late("a.b.c") with { Before = ["pivot"] }] },
        { "a.b.c", "needs", "'a.b.c' needs the output of 'right', which does not come before it: name it in after", [Steps.Of("a.b.c", "left") with { Needs = ["right"] }] },
        { "a.b.c", "needs", "needs the output of 'a.b.c'", [Steps.Of("a.b.c", "left") with { Needs = ["a.b.c"] }] },
        { "left", "name", "'left' is a step of workflow 'test' already", [Steps.Of("left")] },
    };

    [Fact]
    public void Should_come_after_and_before_what_they_name_and_let_the_pivot_wait()
    {
        var workflow = Apply(Steps.Of("a.b.c", "left") with { Before = ["last"] }, Steps.Of("a.b.d", "a.b.c") with { Needs = ["left", "a.b.c"] }, Steps.Late("a.b.e", "tell"));

        workflow.Steps.Select(s => $"{s.Name} {s.Kind}: {string.Join(", ", s.After)}").ShouldBe(
        [
            "first Compensatable: ", "left Compensatable: first", "a.b.c Compensatable: left", "a.b.d Compensatable: a.b.c", "right Compensatable: first",
            "last Compensatable: left, right, a.b.c", "pivot Pivot: last, a.b.c, a.b.d", "tell Retriable: pivot", "a.b.e Retriable: tell, pivot", "count Retriable: pivot",
        ]);
        (workflow.Kind, workflow.Version, workflow.CustomStepsVersion).ShouldBe(("test", 7, 3));
    }

    [Fact]
    public void Should_run_at_once_when_they_come_after_nothing() => Apply(Steps.Of("a.b.c")).Steps[0].ShouldSatisfyAllConditions(s => s.Name.ShouldBe("a.b.c"), s => s.After.ShouldBeEmpty());

    [Theory, MemberData(nameof(Wrong))]
    public void Should_be_refused_with_the_reason(string step, string field, string reason, CustomStep[] steps)
    {
        var applied = CustomPlanning.Apply(Graph.Diamond, steps, 3);

        applied.Workflow.ShouldBeSameAs(Graph.Diamond);
        var problem = applied.Problem.ShouldNotBeNull();
        (problem.Step, problem.Field).ShouldBe((step, field), problem.Reason);
        problem.Reason.ShouldContain(reason);
    }

    [Fact]
    public void Should_need_no_pivot()
    {
        var workflow = Graph.Of(Graph.Step("one"), Graph.Step("two", "one"));

        CustomPlanning.Apply(workflow, [Steps.Of("a.b.c", "one")], 1).Workflow.Steps.Select(s => s.Name).ShouldBe(["one", "a.b.c", "two"]);
        CustomPlanning.Apply(workflow, [Steps.Late("a.b.c", "one")], 1).Problem!.Reason.ShouldBe("workflow 'test' has no pivot, so nothing comes after it");
    }

    [Fact]
    public void Should_say_so_where_the_operation_only_goes_forward()
    {
        var workflow = new WorkflowDefinition { Kind = "test", Version = 1, ForwardOnly = true, Steps = [Graph.Retriable("one")] }.Validated();

        CustomPlanning.Apply(workflow, [Steps.Of("a.b.c", "one")], 1).Problem!.Reason.ShouldStartWith("workflow 'test' only goes forward once it is accepted, so 'a.b.c' could not be undone. Say afterPivot: true");
        CustomPlanning.Apply(workflow, [Steps.Late("a.b.c", "one")], 1).Workflow.Steps[1].Kind.ShouldBe(StepKind.Retriable);
    }

    [Fact]
    public void Should_take_part_in_the_workflows_that_have_every_step_they_name()
    {
        CustomStep[] steps = [Steps.Of("a.b.c", "left"), Steps.Of("a.b.d", "elsewhere"), Steps.Of("a.b.e", "a.b.d"), Steps.Of("a.b.f") with { Workflow = "other" }];

        var applied = CustomPlanning.Apply(Graph.Diamond, steps, 1);

        applied.TakingPart.ShouldBe(["a.b.c"]);
        applied.Problem.ShouldBeNull();
        CustomPlanning.Apply(Graph.Diamond, steps[1..], 1).Workflow.ShouldBeSameAs(Graph.Diamond, "nothing takes part");
    }

    [Fact]
    public void Should_have_the_limits_that_they_ask_for()
    {
        var workflow = Apply(
            Steps.Of("a.b.c", "left") with { MaxAttempts = 9, TimeoutSeconds = 7200, StallAfterSeconds = 30, NeedsInput = true },
            Steps.Of("a.b.d", "left") with { Worker = null, Http = Steps.Call, DeadlineSeconds = 90, TimeoutSeconds = 20 });

        var (own, call) = (workflow.Steps.Single(s => s.Name == "a.b.c"), workflow.Steps.Single(s => s.Name == "a.b.d"));
        (own.MaxAttempts, own.AttemptTimeout, own.Deadline, own.StallAfter, own.NeedsInput).ShouldBe((9, TimeSpan.FromHours(2), TimeSpan.FromHours(2), TimeSpan.FromSeconds(30), true));
        (own.Worker, own.HostedAs, own.Http).ShouldBe(("acme-accounts", "a.b.c", null));
        (call.MaxAttempts, call.AttemptTimeout, call.Deadline, call.StallAfter).ShouldBe((5, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(90), null));
        (call.Worker, call.HostedAs, call.Http).ShouldBe(("http", "http.call:acme", Steps.Call));
        workflow.EngineLevel.ShouldBe(EngineLevel.Progress);
    }

    [Fact]
    public void Should_wait_for_what_they_name_and_need_orchestrators_that_can()
    {
        var workflow = Apply(
            Steps.Waiting("a.b.c", Steps.Approval, "first") with { Before = ["left"] }, Steps.Waiting("a.b.d", Steps.Signal, "left"), Steps.Waiting("a.b.e", Steps.Time) with { AfterPivot = true });

        var waits = workflow.Steps.Where(s => s.Wait is not null).ToDictionary(s => s.Name, StringComparer.Ordinal);
        (waits["a.b.c"].Wait, waits["a.b.c"].Worker, waits["a.b.c"].Kind).ShouldBe((new() { For = WaitKind.Approval, AtMost = TimeSpan.FromDays(1) }, "", StepKind.Compensatable));
        waits["a.b.d"].Wait.ShouldBe(new() { For = WaitKind.Signal, Signal = "contract-signed", AtMost = TimeSpan.FromHours(1) });
        (waits["a.b.e"].Wait, waits["a.b.e"].Kind).ShouldBe((new() { For = WaitKind.Time, Lasts = TimeSpan.FromMinutes(1) }, StepKind.Retriable));
        workflow.Steps.Single(s => s.Name == "left").After.ShouldBe(["first", "a.b.c"]);
        workflow.EngineLevel.ShouldBe(EngineLevel.Waits);
        Apply(Steps.Waiting("a.b.c", Steps.Time, "first"), Steps.Of("a.b.d", "first") with { StallAfterSeconds = 9 }).EngineLevel.ShouldBe(EngineLevel.Progress);
    }

    [Fact]
    public void Should_wait_before_everything_else_if_they_say_so()
    {
        var workflow = Apply(Steps.Waiting("a.b.c", Steps.Approval) with { Before = ["first"] });

        workflow.Steps.Single(s => s.Name == "first").After.ShouldBe(["a.b.c"]);
    }

    [Fact]
    public void Should_say_so_when_a_newer_version_has_put_another_kind_of_wait() =>
        CustomPlanning.Apply(Graph.Diamond, [Steps.Waiting("a.b.c", Steps.Time with { For = "quorum" })], 3).Problem
            .ShouldBe(new("a.b.c", "wait/for", "this version knows no waits for 'quorum'"));

    [Fact]
    public void Should_leave_the_stored_form_of_other_workflows_as_it_is()
    {
        var json = System.Text.Json.JsonSerializer.Serialize(Graph.Diamond, Json.Options);

        json.ShouldNotContain("http");
        json.ShouldNotContain("needsInput");
        json.ShouldNotContain("custom");
        json.ShouldNotContain("hostedAs");
    }

    // Whatever is asked for, the result is a valid workflow that keeps every edge of the product's, or there is a reason.
    [Fact]
    public void Should_always_fit_or_say_why()
    {
        string[] names = ["first", "left", "right", "last", "pivot", "tell", "count", "a.b.c", "a.b.d", "a.b.e"];
        var some = Gen.Int[0, names.Length - 1].Select(i => names[i]).Array[0, 2];
        var step = Gen.Select(some, some, some, Gen.Bool, (after, before, needs, late) => (after, before, needs, late));

        step.Array[3].Sample(given =>
        {
            var steps = given.Select((g, i) => Steps.Of(names[7 + i], g.after) with { Before = g.before, Needs = g.needs, AfterPivot = g.late }).ToList();
            var applied = CustomPlanning.Apply(Graph.Diamond, steps, 1);
            if (applied.Problem is { } problem)
            {
                problem.Field.ShouldNotBeEmpty(problem.Reason);
                return;
            }

            applied.Workflow.Validated().Steps.Count.ShouldBe(10);
            foreach (var before in Graph.Diamond.Steps)
                applied.Workflow.Steps.Single(s => s.Name == before.Name).After.ShouldBe(before.After.Concat(applied.Workflow.Steps.Single(s => s.Name == before.Name).After).Distinct(), ignoreOrder: true);
        });
    }

    private static WorkflowDefinition Apply(params CustomStep[] steps)
    {
        var applied = CustomPlanning.Apply(Graph.Diamond, steps, 3);
        applied.Problem.ShouldBeNull();
        return applied.Workflow;
    }
}
