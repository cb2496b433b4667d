using CsCheck;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Orchestrator.Machine;
using Saga.Tests.Support;
using Saga.Tests.Support.Chance;
using Saga.Tests.Support.Diagrams;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

/// <summary>
/// Random workflows with reports that are lost, late, duplicated, reordered, or about outdated dispatches. A failing case is shrunk,
/// printed as a sequence of events, and names the seed that reproduces it.
/// </summary>
public sealed class When_anything_may_happen
{
    private const int Cases = 2000;
    private const int MostRounds = 10;

    // Most are short, because a failing case shrinks to a shorter one.
    private static readonly Gen<int[]> Written = Gen.OneOf(Gen.Int[0, 1_000_000].Array[0, 40], Gen.Int[0, 1_000_000].Array[0, 200], Gen.Int[0, 1_000_000].Array[0, 800]);
    private static readonly HashSet<string> Edges = [];

    [Fact]
    public void Should_keep_every_promise_and_end()
    {
        var ends = new Dictionary<OperationState, int>();
        // The state machine makes the same transitions as the engine on the same events, and no others.
        var declared = new StateTable(new OperationStateMachine(new OperationEngine(() => 0))).Transitions
            .Select(t => $"{t.From} + {t.Event} -> {t.To}").Order(StringComparer.Ordinal).ToArray();
        // The rarest transition takes a few thousand cases now and then.
        for (var round = 0; round == 0 || (round < MostRounds && declared.Except(Edges).Any()); round++)
        {
            Written.Sample(
                written =>
                {
                    var chances = new Chances(written);
                    var end = Play(new Run(RandomWorkflow.Make(chances), chances.NextDouble), chances);
                    ends[end] = ends.GetValueOrDefault(end) + 1;
                },
                iter: Cases, threads: 1, print: Story);
        }

        Edges.Order(StringComparer.Ordinal).ShouldBe(declared);

        // All outcomes occurred, each often enough to be meaningful.
        ends.Keys.Order().ShouldBe([OperationState.Stalled, OperationState.Completed, OperationState.Compensated, OperationState.Cancelled]);
        ends.Values.ShouldAllBe(n => n > Cases / 20);
    }

    // The workflow, the engine's history up to the violation, and the violation.
    private static string Story(int[] written)
    {
        var chances = new Chances(written);
        var run = new Run(RandomWorkflow.Make(chances), chances.NextDouble);
        var end = "";
        try
        {
            Play(run, chances);
        }
        catch (InvalidOperationException broken)
        {
            end = broken.Message;
        }

        var steps = run.Workflow.Steps.Select(s => $"{s.Name} ({s.Kind}, {s.MaxAttempts} attempts) after [{string.Join(", ", s.After)}]");
        return $"{string.Join("; ", steps)}\n{string.Join(", ", run.Lines)}, then {run.Last}\n{end}";
    }

    private static OperationState Play(Run run, Random random)
    {
        var chaos = random.Next(60);
        var mischief = random.Next(1, 10);
        run.Progress = run.Progress with { WroteOnAcceptance = random.Next(2) == 0 };
        for (var i = 0; i < chaos; i++)
        {
            Workers(run, random);
            Answers(run, random, mischief);
            Check(run, Anything(run, random, mischief));
        }

        Finish(run, random, mischief);
        // Sometimes an operator cancels an operation that stalled. After its pivot that changes nothing but its history.
        if (run.State == OperationState.Stalled && random.Next(4) == 0)
        {
            Check(run, r => r.Cancel());
            Finish(run, random, mischief);
        }

        // Or an operator orders replays, and chooses badly.
        for (var orders = random.Next(4); orders > 0 && run.State == OperationState.Stalled; orders--)
        {
            var order = Order(run, random);
            var plan = run.Plan(order);
            var decision = Check(run, r => r.Replay(order));
            Holds(plan is null == decision.History is [{ Event: HistoryEvents.ReplayRefused }], "an order is carried out if it was accepted");
            Holds(plan is null || plan.Steps.All(s => Planned(run, s, plan.Direction)), "what the plan says happens");
            Finish(run, random, mischief);
        }

        var end = run.Progress;
        for (var i = 0; i < 10; i++)
        {
            Holds(!Check(run, Anything(run, random, mischief)).Changes && run.Progress.State == end.State, "an operation at rest does not change");
        }

        Ended(run);
        return run.State;
    }

    private static ReplayOrder Order(Run run, Random random)
    {
        var names = run.Workflow.Steps.Select(s => s.Name).ToList();
        return new()
        {
            Mode = random.Next(3) switch { 0 => ReplayMode.Forward, 1 => ReplayMode.Compensate, _ => null },
            From = random.Next(3) == 0 ? names[random.Next(names.Count)] : null,
            Skip = [.. names.Where(n => random.Next(run[n].Status.Phase == StepPhase.Failed ? 3 : 12) == 0).Select(n => new SkippedStep { Step = n, Reason = "It is done by hand." })],
        };
    }

    private static bool Planned(Run run, ReplayedStep step, Direction direction) => step.Action switch
    {
        ReplayAction.Reused => run[step.Name].Status.IsPassed,
        ReplayAction.Skipped => run[step.Name].Status.Phase == StepPhase.Waived,
        ReplayAction.Runs => direction == Direction.Forward && run[step.Name].Status.Phase is StepPhase.Pending or StepPhase.Dispatched or StepPhase.Awaiting,
        // Its turn may come later.
        ReplayAction.Undone => direction == Direction.Back && run[step.Name].Status != StepStatus.Compensated,
        _ => run[step.Name].Status.Phase is not (StepPhase.Dispatched or StepPhase.Waiting or StepPhase.Deferred),
    };

    // From here on everything works: messages arrive, and due operations are woken.
    private static void Finish(Run run, Random random, int mischief)
    {
        for (var turns = 0; run.State is OperationState.Accepted or OperationState.Running or OperationState.Compensating; turns++)
        {
            Holds(turns < 500, "it ends");
            Check(run, Fair(run, random, mischief));
        }
    }

    // One event of any kind, about any dispatch so far.
    private static Func<Run, Decision> Anything(Run run, Random random, int mischief)
    {
        var any = run.Dispatches.Count == 0 ? null : run.Dispatches[random.Next(Math.Max(0, random.Next(2) * (run.Dispatches.Count - 3)), run.Dispatches.Count)];
        switch (any is null ? random.Next(4) : random.Next(10))
        {
            // Stalled operations are cancelled on purpose only.
            case 3 when random.Next(any is null ? 20 : 6) == 0 && run.State != OperationState.Stalled:
                return r => r.Cancel();
            case 3 when random.Next(10) == 0 && run.State != OperationState.Stalled:
                return r => r.Replay(plan: "of another time");
            case 3 when any is null:
                return r => r.Start();
            case 0:
                return r => r.Start();
            case 1:
                var seconds = random.Next(40);
                return r => { r.Time.Advance(TimeSpan.FromSeconds(seconds)); return r.Wake(); };
            case 2:
                var away = random.Next(40);
                return r => { r.Time.Advance(TimeSpan.FromSeconds(away)); return r.Redispatch(); };
            case 3:
                return About(any!, r => r.Defer(any!.Step, TimeSpan.FromSeconds(5), any.Fence));
            case 4 when random.Next(10) < mischief:
                return About(any!, r => r.Fail(any!.Step, transient: false, any.Fence));
            case 4 or 5:
                var kind = (FailureKind)random.Next(1, 4);
                return About(any!, r => r.Fail(any!.Step, kind, any.Fence));
            default:
                return About(any!, r => r.Succeed(any!.Step, any.Fence));
        }
    }

    // A report counts only for the newest dispatch of its step.
    private static Func<Run, Decision> About(Dispatch dispatch, Func<Run, Decision> report) => run =>
    {
        var replaced = run[dispatch.Step].Fence != dispatch.Fence;
        var decision = report(run);
        Holds(!replaced || !decision.Changes, $"a report about a replaced dispatch of {dispatch.Step} changes nothing");
        return decision;
    };

    // The workers' writes: they take leases, renew them, release them, or die.
    private static void Workers(Run run, Random random)
    {
        foreach (var step in run.Progress.Steps.Where(s => s.Status.IsDispatched).ToList())
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    run.Take(step.Name);
                    break;
                case 2 when step.TakenAt is not null:
                    run.Renew(step.Name);
                    break;
                case 3 when step.TakenAt is not null:
                    run.Release(step.Name);
                    break;
            }
        }
    }

    // People and other systems answer steps that wait, or will wait.
    private static void Answers(Run run, Random random, int mischief)
    {
        foreach (var step in run.Progress.Steps.Where(s => s is { Answer: null } && (s.Status.IsAwaiting || s.Status == StepStatus.Pending)).ToList())
        {
            if (Definition(run, step.Name).Wait is { } wait && random.Next(6) == 0 && (step.Status.IsAwaiting || wait.For == WaitKind.Signal))
                run.Answer(step.Name, Answer(wait, random.Next(20) < mischief));
        }
    }

    private static WaitAnswerKind Answer(WaitDefinition wait, bool mischief) => wait.For switch
    {
        WaitKind.Approval => mischief ? WaitAnswerKind.Rejected : WaitAnswerKind.Approved,
        WaitKind.Signal => mischief ? WaitAnswerKind.Ended : WaitAnswerKind.Signalled,
        _ => WaitAnswerKind.Ended,
    };

    private static Func<Run, Decision> Fair(Run run, Random random, int mischief)
    {
        var awaited = run.Progress.Steps.Where(s => s.Status.IsDispatched).ToList();
        foreach (var waits in run.Progress.Steps.Where(s => s is { Status.IsAwaiting: true, DueAt: null }).ToList())
            run.Answer(waits.Name, Answer(Definition(run, waits.Name).Wait!, random.Next(20) < mischief));
        if (awaited.Count == 0 || random.Next(4) == 0)
            return run.State == OperationState.Accepted ? r => r.Wake() : r => r.WakeWhenDue();
        awaited.ForEach(s => run.Take(s.Name));
        var step = awaited[random.Next(awaited.Count)].Name;
        if (random.Next(6) == 0)
            return r => r.Defer(step, TimeSpan.FromSeconds(5));
        return random.Next(40) < mischief ? r => r.Fail(step, transient: random.Next(2) == 0) : r => r.Succeed(step);
    }

    private static Decision Check(Run run, Func<Run, Decision> happens)
    {
        var before = run.Progress;
        var decision = happens(run);
        var after = decision.After;
        if (before.State != after.State)
            Edges.Add($"{before.State} + {run.Last} -> {after.State}");
        foreach (var step in after.Steps)
        {
            var old = before.Steps.FirstOrDefault(s => s.Name == step.Name) ?? new StepRun { Name = step.Name };
            var sent = decision.Dispatches.Where(d => d.Step == step.Name).ToList();
            Holds(sent.Count <= 1, $"{step.Name} is sent once in a decision");
            var again = sent.Count(d => d.Fence == old.Fence);
            Holds(step.Fence == old.Fence + sent.Count - again, $"the fence of {step.Name} grows exactly with each dispatch");
            Holds(again == 0 || (old.TakenAt is null && step.Attempt == old.Attempt), $"{step.Name} is sent again under its fence only when no worker took it, and costs no attempt");
            Holds(step.Attempt == old.Attempt || old.Status != step.Status, $"an attempt of {step.Name} is counted with its result");
            Holds(after.State != OperationState.Running || step.Attempt <= Definition(run, step.Name).MaxAttempts, $"{step.Name} exceeds no attempt limit");
        }

        foreach (var dispatch in decision.Dispatches)
        {
            var definition = Definition(run, dispatch.Step);
            if (dispatch.Direction == Direction.Forward)
            {
                Holds(after.State == OperationState.Running, "forward only while the operation is running");
                Holds(run.Workflow.Before(dispatch.Step).All(a => run[a].Status.IsPassed), $"all that is before {dispatch.Step} has succeeded or is skipped");
            }
            else
            {
                Holds(after.State == OperationState.Compensating, "backwards only after it starts to compensate");
                Holds(definition.Kind == StepKind.Compensatable, "only compensatable steps are undone");
                var dependents = run.Workflow.After(dispatch.Step);
                Holds(dependents.All(d => IsUndone(run, Definition(run, d))), $"all that stands on {dispatch.Step} is undone");
            }
        }

        Holds(
            decision.After.Steps.Where(s => !before.Steps.Contains(s, ReferenceEqualityComparer.Instance)).SequenceEqual(decision.ChangedSteps),
            "exactly the changed steps are written");
        Holds(decision.Settlements.All(s => before.Steps.Single(b => b.Name == s.Step).Fence == s.Fence), "a settlement belongs to the awaited dispatch");
        Holds(!decision.Advances || decision.History.Count > 0, "every advance is in the history");
        var endless = after.State == OperationState.Running && after.Steps.Any(s => s is { Status.IsAwaiting: true, DueAt: null });
        Holds(endless || after.NextDueAt is null == after.State is not (OperationState.Running or OperationState.Compensating), "exactly the operations in progress have a due time, unless they wait without a limit");
        Holds(decision.Dispatches.All(d => Definition(run, d.Step).Wait is null), "no worker runs a wait");
        Holds(after.State is not (OperationState.Compensating or OperationState.Compensated) || !after.Steps.Any(s => s.Status.IsAwaiting), "nothing waits once it compensates");
        Holds(!Pivoted(after, run.Workflow) || after.State != OperationState.Compensating, "no compensation after the pivot");
        Holds(run.Lines.Count(l => l is "completed" or "compensated" or "cancelled") <= 1, "it ends once");
        Holds(before.Cancellation is null || after.Cancellation == before.Cancellation, "the first cancellation counts");
        Holds(after.Cancellation is null || after.State is OperationState.Compensating or OperationState.Cancelled or OperationState.Stalled, "a cancelled operation only goes back");
        Holds(after.Cancellation is null || !Dispatched(after, run.Workflow), "an operation whose pivot was dispatched is not cancelled");
        return decision;
    }

    private static void Ended(Run run)
    {
        switch (run.State)
        {
            case OperationState.Completed:
                Holds(run.Progress.Steps.All(s => s.Status.IsPassed), "completed means every step succeeded or was skipped by an operator");
                break;
            case OperationState.Compensated or OperationState.Cancelled:
                Holds(run.State == OperationState.Cancelled == run.Progress.Cancellation is not null, "it is cancelled if somebody cancelled it");
                foreach (var step in run.Progress.Steps.Where(s => s.Fence > 0 && Definition(run, s.Name).Kind == StepKind.Compensatable))
                    Holds(step.Status == StepStatus.Compensated || step.Status == StepStatus.CompensationWaived, $"{step.Name} was sent, so it may have acted, and is undone");
                Holds(run.Progress.Steps.All(s => s.Fence > 0 || s.Status == StepStatus.Skipped || s.Status == StepStatus.Waived || Definition(run, s.Name).Wait is not null), "steps that were never dispatched are skipped");
                Holds(run.Progress.Failure is not null, "an operation that was undone says why");
                break;
            default:
                Holds(run.Progress.Failure is not null, "a stalled operation says why");
                Holds(run.Progress.Steps.Any(s => s.Status.Phase == StepPhase.Failed), "a step made it stall");
                break;
        }

        var started = run.Lines.FindIndex(l => l == "started");
        Holds(
            started == 0 ? run.Lines.FindLastIndex(l => l == "started") == 0 : started < 0 && run.State != OperationState.Completed && run.Progress.Cancellation is not null,
            "it starts exactly once, before the others, unless it was cancelled before");
    }

    // Not Shouldly, which is slow for a million checks.
    private static void Holds(bool promise, string what)
    {
        if (!promise)
            throw new InvalidOperationException($"Broken: {what}.");
    }

    private static bool Pivoted(Progress progress, WorkflowDefinition workflow) =>
        progress.Steps.Any(s => s.Status == StepStatus.Succeeded && workflow.Steps.Single(d => d.Name == s.Name).Kind == StepKind.Pivot);

    // A wait is undone with what came after it.
    private static bool IsUndone(Run run, StepDefinition step) => step.Wait is not null
        ? run.Workflow.Steps.Where(s => s.After.Contains(step.Name)).All(s => IsUndone(run, s))
        : run[step.Name].Status is { Direction: Direction.Back, Phase: StepPhase.Done or StepPhase.Waived } or { Phase: StepPhase.Skipped }
            || run[step.Name] is { Status: { Direction: Direction.Forward, Phase: StepPhase.Waived }, Fence: 0 }
            || (step.Kind == StepKind.Pivot && run[step.Name].Status == StepStatus.Failed);
    private static bool Dispatched(Progress progress, WorkflowDefinition workflow) =>
        progress.Steps.Any(s => s.Fence > 0 && workflow.Steps.Single(d => d.Name == s.Name).Kind == StepKind.Pivot);

    private static StepDefinition Definition(Run run, string step) => run.Workflow.Steps.Single(s => s.Name == step);
}
