using MassTransit;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;

namespace Saga.Orchestrator.Machine;

/// <summary>
/// The saga of every kind of operation. The engine decides what an event means. This table declares the possible transitions, and
/// every state either handles or explicitly ignores every event. A decision that leads to an undeclared transition is an error.
/// </summary>
public sealed class OperationStateMachine : MassTransitStateMachine<OperationSaga>
{
    public OperationStateMachine(OperationEngine engine)
    {
        InstanceState(saga => saga.CurrentState);
        Event(() => Submitted, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });
        Event(() => Succeeded, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });
        Event(() => Failed, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });
        Event(() => Deferred, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });
        Event(() => Due, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });
        Event(() => CancelRequested, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });
        Event(() => ReplayRequested, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });
        Event(() => Forgotten, e => { e.CorrelateById(m => m.Message.OperationId); e.OnMissingInstance(m => m.Discard()); });

        During(Accepted,
            When(Submitted).Decide((o, _) => engine.Start(o.Workflow, o.Progress, o.Now), Running),
            When(Due).Decide((o, _) => engine.Wake(o.Workflow, o.Progress, o.Now), Running),
            When(Forgotten).Decide((o, _) => engine.Redispatch(o.Workflow, o.Progress, o.Now), Running),
            When(CancelRequested).Decide((o, m) => engine.Cancel(o.Workflow, o.Progress, o.Now, m), Compensating, Cancelled),
            // Nothing was dispatched yet, so there can be no reports.
            Ignore(Succeeded), Ignore(Failed), Ignore(Deferred), Ignore(ReplayRequested));

        During(Running,
            When(Succeeded).Decide((o, m) => engine.Succeed(o.Workflow, o.Progress, o.Now, m), Completed, Stalled),
            When(Failed).Decide((o, m) => engine.Fail(o.Workflow, o.Progress, o.Now, m), Compensating, Compensated, Stalled),
            When(Deferred).Decide((o, m) => engine.Defer(o.Workflow, o.Progress, o.Now, m), Stalled),
            // Also ends waits, which may be the last step, or the first one and rejected.
            When(Due).Decide((o, _) => engine.Wake(o.Workflow, o.Progress, o.Now), Compensating, Compensated, Completed, Stalled),
            When(Forgotten).Decide((o, _) => engine.Redispatch(o.Workflow, o.Progress, o.Now), Compensating, Stalled),
            When(CancelRequested).Decide((o, m) => engine.Cancel(o.Workflow, o.Progress, o.Now, m), Compensating, Cancelled),
            // It has already started.
            Ignore(Submitted));

        During(Compensating,
            When(Succeeded).Decide((o, m) => engine.Succeed(o.Workflow, o.Progress, o.Now, m), Compensated, Cancelled, Stalled),
            When(Failed).Decide((o, m) => engine.Fail(o.Workflow, o.Progress, o.Now, m), Stalled),
            When(Deferred).Decide((o, m) => engine.Defer(o.Workflow, o.Progress, o.Now, m), Stalled),
            When(Due).Decide((o, _) => engine.Wake(o.Workflow, o.Progress, o.Now), Stalled),
            When(Forgotten).Decide((o, _) => engine.Redispatch(o.Workflow, o.Progress, o.Now), Stalled),
            // The history says why it cannot be cancelled.
            When(CancelRequested).Decide((o, m) => engine.Cancel(o.Workflow, o.Progress, o.Now, m)),
            Ignore(Submitted));

        // An order is accepted only for a stalled operation. One that has moved since then says so in its history.
        foreach (var moving in new[] { Running, Compensating })
            During(moving, When(ReplayRequested).Decide((o, m) => engine.Replay(o.Workflow, o.Progress, o.Now, m)));
        During(Stalled, When(ReplayRequested).Decide((o, m) => engine.Replay(o.Workflow, o.Progress, o.Now, m), Running, Compensating, Completed, Compensated, Cancelled));

        // A stalled operation may be cancelled, unless it stalled after its pivot or while it compensated.
        During(Stalled, When(CancelRequested).Decide((o, m) => engine.Cancel(o.Workflow, o.Progress, o.Now, m), Compensating));
        foreach (var ended in new[] { Completed, Compensated, Cancelled })
            During(ended, Ignore(CancelRequested), Ignore(ReplayRequested));

        // A stalled operation has nothing in flight, and an ended one never changes, so late messages are ignored.
        foreach (var quiet in new[] { Stalled, Completed, Compensated, Cancelled })
            During(quiet, Ignore(Submitted), Ignore(Succeeded), Ignore(Failed), Ignore(Deferred), Ignore(Due), Ignore(Forgotten));
    }

    public State Accepted { get; private set; } = null!;

    public State Running { get; private set; } = null!;

    public State Compensating { get; private set; } = null!;

    public State Stalled { get; private set; } = null!;

    public State Completed { get; private set; } = null!;

    public State Compensated { get; private set; } = null!;

    public State Cancelled { get; private set; } = null!;

    public Event<OperationSubmitted> Submitted { get; private set; } = null!;

    public Event<StepSucceeded> Succeeded { get; private set; } = null!;

    public Event<StepFailed> Failed { get; private set; } = null!;

    public Event<StepDeferred> Deferred { get; private set; } = null!;

    public Event<OperationDue> Due { get; private set; } = null!;

    public Event<CancellationRequested> CancelRequested { get; private set; } = null!;

    public Event<ReplayRequested> ReplayRequested { get; private set; } = null!;

    public Event<OperationForgotten> Forgotten { get; private set; } = null!;
}
