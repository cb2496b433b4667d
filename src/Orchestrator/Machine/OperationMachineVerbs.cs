using MassTransit;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;

namespace Saga.Orchestrator.Machine;

/// <summary>The verbs of the transition table.</summary>
internal static class OperationMachineVerbs
{
    /// <summary>Lets the engine decide, and keeps the decision for the commit.</summary>
    public static EventActivityBinder<OperationSaga, T> Decide<T>(
        this EventActivityBinder<OperationSaga, T> source, Func<OperationSaga, T, Decision> decide)
        where T : class =>
        source.Then(context =>
        {
            var decision = decide(context.Saga, context.Message);
            context.Saga.Decision = decision;
            context.Saga.Steps = decision.After.Steps;
            context.Saga.Failure = decision.After.Failure;
        });

    /// <summary>Goes where the decision leads, when it leads there.</summary>
    public static EventActivityBinder<OperationSaga, T> Or<T>(
        this EventActivityBinder<OperationSaga, T> source, OperationState decided, State next)
        where T : class =>
        source.If(context => context.Saga.Decision!.After.State == decided, binder => binder.TransitionTo(next));
}
