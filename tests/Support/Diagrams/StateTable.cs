using MassTransit;
using MassTransit.SagaStateMachine;
using Saga.Orchestrator.Machine;

namespace Saga.Tests.Support.Diagrams;

/// <summary>One transition from one state to another.</summary>
public sealed record StateTransition(string From, string Event, string To);

/// <summary>
/// The state machine's transitions, read from the machine itself. MassTransit's own graph merges an event's transitions from all
/// states into one node, which loses the source states. This table keeps them separate.
/// </summary>
public sealed class StateTable : StateMachineVisitor
{
    private readonly List<StateTransition> transitions = [];
    private string state = "";
    private string @event = "";

    public StateTable(OperationStateMachine machine) => ((IVisitable)machine).Accept(this);

    public IReadOnlyList<StateTransition> Transitions => transitions;

    public void Visit(State state, Action<State> next)
    {
        this.state = state.Name;
        next(state);
    }

    public void Visit(Event @event, Action<Event> next)
    {
        this.@event = @event.Name;
        next(@event);
    }

    public void Visit<TMessage>(Event<TMessage> @event, Action<Event<TMessage>> next)
        where TMessage : class
    {
        this.@event = @event.Name;
        next(@event);
    }

    public void Visit(IStateMachineActivity activity) => Visit(activity, _ => { });

    public void Visit(IStateMachineActivity activity, Action<IStateMachineActivity> next)
    {
        if (activity is TransitionActivity<OperationSaga> transition)
            transitions.Add(new StateTransition(state, @event, transition.ToState.Name));
        next(activity);
    }

    public void Visit<T>(IBehavior<T> behavior)
        where T : class, SagaStateMachineInstance
    {
    }

    public void Visit<T>(IBehavior<T> behavior, Action<IBehavior<T>> next)
        where T : class, SagaStateMachineInstance => next(behavior);

    public void Visit<T, TMessage>(IBehavior<T, TMessage> behavior)
        where T : class, SagaStateMachineInstance
        where TMessage : class
    {
    }

    public void Visit<T, TMessage>(IBehavior<T, TMessage> behavior, Action<IBehavior<T, TMessage>> next)
        where T : class, SagaStateMachineInstance
        where TMessage : class => next(behavior);
}
