using MassTransit;
using MassTransit.Saga;
using Saga.Contracts;
using Saga.Contracts.DeadLetters;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Messaging.DeadLetters;
using Saga.Orchestrator.Admission;
using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;
using Saga.Orchestrator.Scopes;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Persistence;

/// <summary>
/// The saga repository and unit of work. The row, its history, the leases and the outgoing messages are committed together, before the
/// incoming message is acknowledged. The outgoing messages are sent right after the commit.
/// </summary>
internal sealed class OperationRepositoryContextFactory(Committer committer, OutboxPublisher publisher, AdmissionSignal admission, ScopeSignal scopes, IUnreadableOperationStore unreadable)
    : ISagaRepositoryContextFactory<OperationSaga>
{
    public async Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<OperationSaga, T>> next)
        where T : class
    {
        var transition = new Transition(
            context.CorrelationId ?? throw new SagaException("The message names no operation.", typeof(OperationSaga), typeof(T)),
            context.MessageId ?? throw new SagaException("The message has no id.", typeof(OperationSaga), typeof(T)),
            alone: context.GetRetryAttempt() > 0);
        try
        {
            await committer.LoadAsync(transition, context.CancellationToken);
            if (transition is { Unreadable: null, Seen: false })
                await next.Send(new OperationRepositoryContext<T>(context, transition.Saga));
            transition.Decide();
            await transition.Committed;
        }
        finally
        {
            // Has an effect only if there was no decision: the committer must not wait for a state machine that failed.
            transition.Abandon();
        }

        if (transition.Unreadable is { } reason)
            await LeaveAsync(context, transition.OperationId, reason);
        if (transition.Change is not { } change)
            return;
        publisher.Send(change.Messages);
        if (change.Row?.State.HasEnded() == true)
            scopes.Wake();
        if (context.Message is StepDeferred { Failure.Kind: FailureKind.Overload })
            admission.Overloaded();
        else if (change.Row is { Slot: SlotState.Released })
            admission.Wake();
    }

    // The operation is postponed and becomes due again by itself. A worker's report is left to a version that can read it. If there is
    // none, an operator sees it.
    private async Task LeaveAsync<T>(ConsumeContext<T> context, Guid operation, string reason)
        where T : class
    {
        OrchestratorTelemetry.UnreadableMessages.Add(1);
        if (context.Message is StepReport report && !await unreadable.PutBackAsync(report, TraceContext.Current, context.CancellationToken))
            throw new UnconsumableException(DeadLetterReasons.OperationUnreadable, $"Operation {operation} cannot be read: {reason}");
    }

    public Task SendQuery<T>(ConsumeContext<T> context, ISagaQuery<OperationSaga> query, IPipe<SagaRepositoryQueryContext<OperationSaga, T>> next)
        where T : class =>
        throw new NotSupportedException("Operations are found by their id only.");

    public void Probe(ProbeContext context) => context.Add("persistence", "postgresql");
}
