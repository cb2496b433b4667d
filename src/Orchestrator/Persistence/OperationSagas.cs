using Saga.Engine.Decisions;
using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Persistence;

/// <summary>Converts between the registry's records and the state machine's instance.</summary>
internal static class OperationSagas
{
    public static OperationSaga From(LoadedOperation loaded, DateTimeOffset now) => new()
    {
        CorrelationId = loaded.Id,
        CurrentState = loaded.Stored.State.ToString(),
        TenantId = loaded.TenantId,
        Workflow = loaded.Workflow,
        Steps = loaded.Steps,
        Failure = loaded.Stored.Failure,
        Cancellation = loaded.Stored.Cancellation,
        WroteOnAcceptance = loaded.WroteOnAcceptance,
        Stored = loaded.Stored,
        Now = now,
    };

    /// <summary>
    /// The changes to write; null when there are none. The operation's own row may be written although nothing else changes, when the
    /// sweeper woke it too soon and postponed it blindly.
    /// </summary>
    public static OperationChange? Change(OperationSaga saga, Decision decision, Guid messageId)
    {
        var moves = saga.Moves;
        if (!decision.Changes && !moves)
            return null;
        var change = new OperationChange
        {
            OperationId = saga.CorrelationId,
            MessageId = messageId,
            Row = moves ? new StoredOperation(decision.After.State, saga.Failure, saga.DueAt, saga.Slot) { Cancellation = saga.Cancellation } : null,
        };
        return !decision.Changes ? change : change with
        {
            Steps = [.. decision.ChangedSteps.Select(step => new StepChange(step, decision.Settlements.FirstOrDefault(s => s.Step == step.Name)?.Fence))],
            History = decision.History,
            Messages = [.. decision.Dispatches.Select(d => DispatchMessages.For(saga, d))],
        };
    }
}
