using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Registry.Operations;
using Saga.Tests.Support;
using System.Text.Json;

namespace Saga.Tests.Unit.Engine;

/// <summary>One operation without bus or database. The engine decides, and the test controls the events.</summary>
internal sealed class Run
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly Guid Id = Guid.CreateVersion7();
    private readonly OperationEngine engine;

    public Run(WorkflowDefinition workflow, Func<double>? random = null)
    {
        Workflow = workflow;
        engine = new OperationEngine(random ?? (() => 0.5));
        Progress = new Progress(OperationState.Accepted, StepRun.InOrder(workflow, []), null);
    }

    public WorkflowDefinition Workflow { get; }

    public TestClock Time { get; } = new();

    public Progress Progress { get; set; }

    public OperationState State => Progress.State;

    public List<Dispatch> Dispatches { get; } = [];

    /// <summary>All history lines, as <c>event:step</c>.</summary>
    public List<string> Lines { get; } = [];

    /// <summary>The last event, by its name in the state machine.</summary>
    public string Last { get; private set; } = "";

    public StepRun this[string step] => Progress.Steps.Single(s => s.Name == step);

    public static Run Started(WorkflowDefinition workflow, Func<double>? random = null)
    {
        var run = new Run(workflow, random);
        run.Start();
        return run;
    }

    public Decision Start() => Apply("Submitted", engine.Start(Workflow, Progress, Time.GetUtcNow()));

    public Decision Succeed(string step, long? fence = null, object? output = null, TimeSpan? lingersFor = null) =>
        Apply("Succeeded", engine.Succeed(Workflow, Progress, Time.GetUtcNow(), new StepSucceeded
        {
            OperationId = Id, Step = step, Fence = fence ?? this[step].Fence, Output = output is null ? null : JsonSerializer.SerializeToElement(output), LingersFor = lingersFor,
        }));

    public Decision Fail(string step, bool transient, long? fence = null) =>
        Fail(step, transient ? FailureKind.Transient : FailureKind.Permanent, fence);

    public Decision Fail(string step, FailureKind kind, long? fence = null, bool outcomeUnknown = false) =>
        Apply("Failed", engine.Fail(Workflow, Progress, Time.GetUtcNow(), new StepFailed
        {
            OperationId = Id, Step = step, Fence = fence ?? this[step].Fence, OutcomeUnknown = outcomeUnknown,
            Failure = new Failure { Code = $"{step}-failed", Message = "It failed.", Kind = kind },
        }));

    public Decision Defer(string step, TimeSpan retryAfter, long? fence = null, bool outcomeUnknown = false, bool withoutLease = false) =>
        Apply("Deferred", engine.Defer(Workflow, Progress, Time.GetUtcNow(), new StepDeferred
        {
            OperationId = Id, Step = step, Fence = fence ?? this[step].Fence, System = "keycloak", Reason = "It is down.", RetryAfter = retryAfter,
            OutcomeUnknown = outcomeUnknown, WithoutLease = withoutLease,
        }));

    /// <summary>Somebody answers a step that waits, or will wait.</summary>
    public void Answer(string step, WaitAnswerKind kind, object? data = null) => Write(step, s => s with
    {
        Answer = new() { Kind = kind, By = "ada", Reason = "so be it", Data = data is null ? null : JsonSerializer.SerializeToElement(data), At = Time.GetUtcNow() },
        DueAt = s.Status.IsAwaiting ? Time.GetUtcNow() : s.DueAt,
    });

    /// <summary>A worker takes the lease of the step's newest dispatch, for half a minute, and its attempt begins.</summary>
    public void Take(string step)
    {
        if (this[step].TakenAt is null)
            Write(step, s => s with { TakenAt = Time.GetUtcNow(), LostAt = Time.GetUtcNow() + Lease });
    }

    /// <summary>The holder of the lease renews it.</summary>
    public void Renew(string step) => Write(step, s => s with { LostAt = Time.GetUtcNow() + Lease, Watched = true });

    /// <summary>The holder of the lease releases it after its report was sent.</summary>
    public void Release(string step) => Write(step, s => s with { LostAt = null, Watched = false });

    /// <summary>Writes the part of the step's row that workers own.</summary>
    public void Write(string step, Func<StepRun, StepRun> change) =>
        Progress = Progress with { Steps = [.. Progress.Steps.Select(s => s.Name == step ? change(s) : s)] };

    /// <summary>Workers take the steps and renew their leases but never report, so the attempts time out.</summary>
    public Decision Silence(params string[] steps)
    {
        foreach (var step in steps)
        {
            Take(step);
            Write(step, s => s with { LostAt = Time.GetUtcNow() + TimeSpan.FromDays(2), Watched = true });
        }

        while (true)
        {
            if (WakeWhenDue() is { Advances: true } decision)
                return decision;
        }
    }

    /// <summary>A worker takes the step and dies, and its lease ends.</summary>
    public Decision Lose(string step)
    {
        Take(step);
        Time.Advance(Lease);
        return Wake();
    }

    public Decision Wake() => Apply("Due", engine.Wake(Workflow, Progress, Time.GetUtcNow()));

    public Decision Cancel(string actor = "ada", string? code = null) =>
        Apply("CancelRequested", engine.Cancel(Workflow, Progress, Time.GetUtcNow(), new CancellationRequested { OperationId = Id, Actor = actor, Reason = "It was a mistake.", Code = code }));

    /// <summary>An operator orders a replay, which the operation carries out.</summary>
    public Decision Replay(ReplayOrder? order = null, string? plan = null) =>
        Apply("ReplayRequested", engine.Replay(Workflow, Progress, Time.GetUtcNow(), new ReplayRequested
        {
            OperationId = Id, Actor = "ada", Reason = "It is mended.", Order = order ?? new(), Plan = plan ?? Plan(order)?.Digest ?? "",
        }));

    /// <summary>What an order means now; null when it is refused.</summary>
    public ReplayPlan? Plan(ReplayOrder? order = null) => (Answer(order) as ReplayAnswer.Planned)?.Plan;

    public ReplayAnswer Answer(ReplayOrder? order = null) => ReplayRules.Plan(Workflow, Progress, order ?? new());

    public Decision Redispatch() => Apply("Forgotten", engine.Redispatch(Workflow, Progress, Time.GetUtcNow()));

    /// <summary>Moves the clock to the next due time, and wakes the operation.</summary>
    public Decision WakeWhenDue()
    {
        var wait = Progress.NextDueAt!.Value - Time.GetUtcNow();
        if (wait > TimeSpan.Zero)
            Time.Advance(wait);
        return Wake();
    }

    /// <summary>Fails each of the step's attempts as soon as it is dispatched, until none is left.</summary>
    public void Exhaust(string step)
    {
        while (Fail(step, transient: true).After.Steps.Single(s => s.Name == step).Status.Phase == StepPhase.Waiting)
            WakeWhenDue();
    }

    private Decision Apply(string name, Decision decision)
    {
        Last = name;
        Progress = decision.After;
        Dispatches.AddRange(decision.Dispatches);
        Lines.AddRange(decision.History.Select(Text));
        return decision;
    }

    public static string Text(Saga.Engine.Decisions.HistoryLine line) => line.Step is null ? line.Event : $"{line.Event}:{line.Step}";
}
