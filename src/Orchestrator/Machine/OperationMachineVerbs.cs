using MassTransit;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;

namespace Saga.Orchestrator.Machine;

/// <summary>The verbs of the transition table.</summary>
internal static class OperationMachineVerbs
{
    /// <summary>Calls the engine for a decision, keeps it for the commit, and transitions to the resulting state.</summary>
    /// <param name="source">The event.</param>
    /// <param name="decide">Calls the engine.</param>
    /// <param name="leadsTo">The states that the decision may lead to, in addition to the current one.</param>
    /// <remarks>The event fails with an <see cref="UndeclaredTransitionException"/> when the decision leads to another state.</remarks>
    public static EventActivityBinder<OperationSaga, T> Decide<T>(
        this EventActivityBinder<OperationSaga, T> source, Func<OperationSaga, T, Decision> decide, params ReadOnlySpan<State> leadsTo)
        where T : class
    {
        source = source.Then(context =>
        {
            var decision = decide(context.Saga, context.Message);
            context.Saga.Decision = decision;
            context.Saga.Steps = decision.After.Steps;
            context.Saga.Failure = decision.After.Failure;
            context.Saga.Cancellation = decision.After.Cancellation;
        });
        foreach (var next in leadsTo)
        {
            var state = Enum.Parse<OperationState>(next.Name);
            source = source.If(context => context.Saga.Decision!.After.State == state, binder => binder.TransitionTo(next));
        }

        return source.Then(context =>
        {
            var (saga, decided) = (context.Saga, context.Saga.Decision!.After.State);
            if (saga.State != decided)
                throw new UndeclaredTransitionException(saga.CorrelationId, context.Event.Name, saga.State, decided);
        });
    }
}
