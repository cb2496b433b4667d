using System.Runtime.CompilerServices;
using System.Text;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>
/// Every state of an operation and every status of a step, against every event. What each pair does is listed in
/// Approved/transitions.txt; pairs that are not in it change nothing. SAGA_UPDATE_DOCS=1 writes it anew, for review.
/// </summary>
public sealed class When_events_meet_states
{
    private const long Fence = 5;
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);

    // The step under test has a sibling in motion, and one that comes after it.
    private static readonly Dictionary<string, Func<Run, Decision>> Events = new()
    {
        ["start"] = run => run.Start(),
        ["succeed"] = run => run.Succeed("step", Fence),
        ["fail, transient"] = run => run.Fail("step", transient: true, Fence),
        ["fail, permanent"] = run => run.Fail("step", transient: false, Fence),
        ["hold"] = run => run.Hold("step", Later, Fence),
        ["wake, nothing due"] = run => run.Wake(),
        ["wake, step due"] = run => { run.Time.Advance(TimeSpan.FromSeconds(20)); return run.Wake(); },
        ["redispatch"] = run => run.Redispatch(),
    };

    [Fact]
    public void Should_change_what_is_listed_and_nothing_else()
    {
        var table = new StringBuilder();
        foreach (var state in Enum.GetValues<OperationState>())
        {
            // An accepted operation has no steps yet.
            foreach (var status in state == OperationState.Accepted ? [StepStatus.Pending] : Enum.GetValues<StepStatus>())
            {
                foreach (var (name, happens) in Events)
                {
                    var run = In(state, status);
                    var before = run.Progress;
                    var decision = happens(run);
                    if (decision.Changes)
                        table.AppendLine($"{state}, {status} + {name} -> {run.State}, {run["step"].Status}: {string.Join(", ", decision.History.Select(Run.Text))}");
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
            (run, fence) => run.Hold("step", Later, fence),
        };
        foreach (var state in Enum.GetValues<OperationState>())
        {
            foreach (var status in Enum.GetValues<StepStatus>())
            {
                foreach (var fence in (long[])[-1, 0, 1, 3, 4, 6, 7, long.MaxValue])
                {
                    foreach (var report in reports)
                    {
                        var run = In(state, status);
                        Unchanged(report(run, fence), run.Progress, $"{state}, {status}, fence {fence}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Should_change_nothing_by_a_report_of_a_step_that_the_workflow_has_not()
    {
        var run = In(OperationState.Running, StepStatus.Running);

        Unchanged(run.Succeed("stranger", Fence), run.Progress, "stranger");
    }

    [Theory, InlineData("start"), InlineData("wake, nothing due"), InlineData("redispatch")]
    public void Should_start_an_accepted_operation_by_whatever_finds_it(string name)
    {
        var run = new Run(Graph.Diamond);

        Events[name](run);

        run.State.ShouldBe(OperationState.Running);
        run.Lines.ShouldBe(["started", "stepDispatched:first"]);
    }

    private static void Unchanged(Decision decision, Progress before, string pair) => decision.ShouldSatisfyAllConditions(
        pair,
        d => d.Changes.ShouldBeFalse(pair),
        d => d.Dispatches.ShouldBeEmpty(pair),
        d => d.Settlements.ShouldBeEmpty(pair),
        d => d.After.State.ShouldBe(before.State, pair),
        d => d.After.Steps.ShouldBe(before.Steps, pair));

    private static Run In(OperationState state, StepStatus status)
    {
        var run = new Run(Graph.Of(Graph.Step("step"), Graph.Step("sibling"), Graph.Step("after", "step")));
        var now = run.Time.GetUtcNow();
        var motion = state == OperationState.Compensating ? StepStatus.Compensating : StepStatus.Running;
        if (state == OperationState.Accepted)
            return run;
        run.Progress = new Progress(
            state,
            [
                new StepRun
                {
                    Name = "step", Status = status, Fence = Fence, Attempt = 2, StartedAt = now, DispatchedAt = now, DueAt = now + TimeSpan.FromSeconds(20),
                    Deadline = now + TimeSpan.FromMinutes(1),
                },
                new StepRun
                {
                    Name = "sibling", Status = motion, Fence = 9, Attempt = 1, StartedAt = now, DispatchedAt = now, DueAt = now + TimeSpan.FromSeconds(60),
                    Deadline = now + TimeSpan.FromMinutes(1),
                },
                new StepRun { Name = "after", Status = state == OperationState.Compensating ? StepStatus.Skipped : StepStatus.Pending },
            ],
            null);
        return run;
    }

    private static void Approve(string table, [CallerFilePath] string source = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(source)!, "Approved", "transitions.txt");
        if (Environment.GetEnvironmentVariable("SAGA_UPDATE_DOCS") == "1")
            File.WriteAllText(file, table);
        table.ShouldBe(File.ReadAllText(file), "run with SAGA_UPDATE_DOCS=1, and review what changed");
    }
}
