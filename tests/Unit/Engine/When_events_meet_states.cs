using System.Runtime.CompilerServices;
using System.Text;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>
/// Every operation state and every step status, with every event. Approved/transitions.txt lists the effect of each combination;
/// combinations that it does not list change nothing. SAGA_UPDATE_DOCS=1 regenerates it for review.
/// </summary>
public sealed class When_events_meet_states
{
    private const long Fence = Positions.Fence;
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(50);

    // The prior contents of a dispatched step's row, where they matter, and the event. The step under test has a running sibling and a successor.
    private static readonly Dictionary<string, (Action<Run>? Given, Func<Run, Decision> When)> Events = new()
    {
        ["start"] = (null, run => run.Start()),
        ["succeed"] = (null, run => run.Succeed("step", Fence)),
        ["fail, transient"] = (null, run => run.Fail("step", transient: true, Fence)),
        ["fail, permanent"] = (null, run => run.Fail("step", transient: false, Fence)),
        ["defer"] = (null, run => run.Defer("step", Later, Fence)),
        ["wake, nothing due"] = (null, run => run.Wake()),
        ["wake, step due, not taken"] = (null, WakeLater),
        ["wake, step due, at work"] = (Row(s => s with { TakenAt = s.DispatchedAt, LostAt = s.DueAt + Later }), WakeLater),
        ["wake, step due, time over"] = (Row(s => s with { DispatchedAt = s.DispatchedAt - Before, TakenAt = s.DispatchedAt - Before, LostAt = s.DueAt + Later }), WakeLater),
        ["wake, worker lost"] = (Row(s => s with { TakenAt = s.DispatchedAt, LostAt = s.DispatchedAt }), run => run.Wake()),
        ["wake, worker lost thrice"] = (Poison, run => run.Wake()),
        ["defer, for too long"] = (Row(s => s with { DeferredSince = s.DispatchedAt - TimeSpan.FromHours(24), DeferredTimes = 100 }), run => run.Defer("step", Later, Fence)),
        ["redispatch, not taken"] = (null, run => run.Redispatch()),
        ["redispatch, at work"] = (Row(s => s with { TakenAt = s.DispatchedAt, LostAt = s.DueAt }), run => run.Redispatch()),
        ["redispatch, time over"] = (Row(s => s with { DispatchedAt = s.DispatchedAt - Before, TakenAt = s.DispatchedAt - Before, LostAt = s.DueAt + Later }), run => run.Redispatch()),
        ["redispatch, worker lost"] = (Row(s => s with { TakenAt = s.DispatchedAt, LostAt = s.DispatchedAt }), run => run.Redispatch()),
        ["redispatch, worker lost thrice"] = (Poison, run => run.Redispatch()),
        ["wake, wait over"] = (Row(s => s with { DueAt = s.DispatchedAt }), run => run.Wake()),
        ["wake, approved"] = (Answered(WaitAnswerKind.Approved), run => run.Wake()),
        ["wake, rejected"] = (Answered(WaitAnswerKind.Rejected), run => run.Wake()),
        ["cancel"] = (null, run => run.Cancel()),
        ["replay"] = (null, run => run.Replay()),
        ["replay, moved on"] = (null, run => run.Replay(plan: "another")),
        ["redispatch, reported"] = (Row(s => s with { TakenAt = s.DispatchedAt }), run => run.Redispatch()),
    };

    [Fact]
    public void Should_change_what_is_listed_and_nothing_else()
    {
        var table = new StringBuilder();
        foreach (var state in Enum.GetValues<OperationState>())
        {
            // An accepted operation has no steps yet.
            foreach (var status in state == OperationState.Accepted ? [StepStatus.Pending] : StepStatusNames.All)
            {
                foreach (var (name, (given, happens)) in Events)
                {
                    var run = Positions.In(state, status);
                    if (given is not null && !(name is "wake, wait over" or "wake, approved" or "wake, rejected" ? status.IsAwaiting : status.IsDispatched))
                        continue;
                    given?.Invoke(run);
                    var before = run.Progress;
                    var decision = happens(run);
                    if (decision.Changes)
                        table.AppendLine($"{state}, {status} + {name} -> {run.State}, {run["step"].Status}: {Text(before, decision)}");
                    else
                        Unchanged(decision, before, $"{state}, {status} + {name}");
                }
            }
        }

        Approve(table.ToString());
    }

    [Fact]
    public void Should_change_nothing_by_a_report_of_another_fence_whatever_the_state()
    {
        var reports = new Func<Run, long, Decision>[]
        {
            (run, fence) => run.Succeed("step", fence),
            (run, fence) => run.Fail("step", transient: true, fence),
            (run, fence) => run.Fail("step", transient: false, fence),
            (run, fence) => run.Defer("step", Later, fence),
        };
        foreach (var state in Enum.GetValues<OperationState>())
        {
            foreach (var status in StepStatusNames.All)
            {
                foreach (var fence in (long[])[-1, 0, 1, 3, 4, 6, 7, long.MaxValue])
                {
                    foreach (var report in reports)
                    {
                        var run = Positions.In(state, status);
                        Unchanged(report(run, fence), run.Progress, $"{state}, {status}, fence {fence}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Should_change_nothing_by_a_report_of_a_step_that_the_workflow_has_not()
    {
        var run = Positions.In(OperationState.Running, StepStatus.Running);

        Unchanged(run.Succeed("stranger", Fence), run.Progress, "stranger");
    }

    [Theory, InlineData("start"), InlineData("wake, nothing due"), InlineData("redispatch, not taken")]
    public void Should_start_an_accepted_operation_by_whatever_finds_it(string name)
    {
        var run = new Run(Graph.Diamond);

        Events[name].When(run);

        run.State.ShouldBe(OperationState.Running);
        run.Lines.ShouldBe(["started", "stepDispatched:first"]);
    }

    private static Decision WakeLater(Run run)
    {
        run.Time.Advance(TimeSpan.FromSeconds(20));
        return run.Wake();
    }

    private static Action<Run> Row(Func<StepRun, StepRun> row) => run => run.Write("step", row);

    private static Action<Run> Answered(WaitAnswerKind kind) => run => run.Answer("step", kind);

    // Lost twice before, and another step of its worker has had a result since.
    private static void Poison(Run run)
    {
        Row(s => s with { TakenAt = s.DispatchedAt, LostAt = s.DispatchedAt, LostInARow = 2 })(run);
        var before = run.Progress;
        var other = new StepRun { Name = "after", Status = StepStatus.Running, Fence = 1, Attempt = 1, DispatchedAt = run.Time.GetUtcNow() };
        run.Progress = new Progress(OperationState.Running, [.. before.Steps.Where(s => s.Name != "after"), other], null);
        run.Time.Advance(TimeSpan.FromSeconds(1));
        run.Succeed("after", fence: 1);
        run.Progress = before;
    }

    private static string Text(Progress before, Decision decision)
    {
        var again = decision.Dispatches.Where(d => before.Steps.Any(s => s.Name == d.Step && s.Fence == d.Fence)).Select(d => $"sent again:{d.Step}");
        var texts = decision.History.Select(Run.Text).Concat(again).ToList();
        return texts.Count == 0 ? "looked at later" : string.Join(", ", texts);
    }

    private static void Unchanged(Decision decision, Progress before, string pair) => decision.ShouldSatisfyAllConditions(
        pair,
        d => d.Changes.ShouldBeFalse(pair),
        d => d.Dispatches.ShouldBeEmpty(pair),
        d => d.Settlements.ShouldBeEmpty(pair),
        d => d.After.State.ShouldBe(before.State, pair),
        d => d.After.Steps.ShouldBe(before.Steps, pair));

    private static void Approve(string table, [CallerFilePath] string source = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(source)!, "Approved", "transitions.txt");
        if (Environment.GetEnvironmentVariable("SAGA_UPDATE_DOCS") == "1")
            File.WriteAllText(file, table);
        table.ShouldBe(File.ReadAllText(file), "run with SAGA_UPDATE_DOCS=1, and review what changed");
    }
}
