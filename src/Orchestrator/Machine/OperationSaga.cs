using MassTransit;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Machine;

/// <summary>The saga instance: one row of <c>operations</c>.</summary>
public sealed class OperationSaga : SagaStateMachineInstance
{
    /// <summary>The operation's id.</summary>
    public Guid CorrelationId { get; set; }

    /// <summary>The state machine's state: a name of <see cref="OperationState"/>.</summary>
    public string CurrentState { get; set; } = "";

    /// <summary>Null when the operation does not concern a single tenant.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The steps that this operation started with. A newer definition does not affect it.</summary>
    public required WorkflowDefinition Workflow { get; init; }

    public required IReadOnlyList<StepRun> Steps { get; set; }

    public Failure? Failure { get; set; }

    /// <summary>Who cancelled it; null when nobody did.</summary>
    public Cancellation? Cancellation { get; set; }

    /// <summary>Whether its acceptance changed more than the operation itself.</summary>
    public bool WroteOnAcceptance { get; init; }

    /// <summary>The current contents of the row.</summary>
    public required StoredOperation Stored { get; init; }

    /// <summary>The registry's time when the operation was loaded, which is the only clock used for decisions.</summary>
    public required DateTimeOffset Now { get; init; }

    public OperationState State => Enum.Parse<OperationState>(CurrentState);

    public Progress Progress => new(State, Steps, Failure) { Cancellation = Cancellation, WaitsForScope = Stored.Slot == SlotState.Waiting, WroteOnAcceptance = WroteOnAcceptance };

    /// <summary>The changes of the current event, written with the row. Null until the engine has decided.</summary>
    public Decision? Decision { get; set; }

    /// <summary>
    /// When the sweeper must wake it. The stored time moves only to an earlier one: a wake-up that comes too soon changes nothing and is
    /// then postponed. This avoids writing the row, because most operations end before the sweeper looks.
    /// </summary>
    public DateTimeOffset? DueAt => Slot is SlotState.Queued or SlotState.Waiting ? null : Decision!.After.NextDueAt is { } needed && Decision.Advances && Stored.DueAt is { } stored && stored <= needed
        ? stored
        : Decision.After.NextDueAt;

    /// <summary>
    /// An operation has a slot only while a step is dispatched. An operation that queues for a slot stays queued, so that late reports do
    /// not cost it its place.
    /// </summary>
    public SlotState Slot => Decision!.After switch
    {
        _ when Stored.Slot == SlotState.Exempt => SlotState.Exempt,
        { State: OperationState.Accepted } => Stored.Slot,
        { HasDispatch: true } => SlotState.Admitted,
        { State: OperationState.Running } when Stored is { Slot: SlotState.Queued } => SlotState.Queued,
        _ => SlotState.Released,
    };

    /// <summary>Whether the operation's row must be written. Progress of a step is in the step's own row.</summary>
    public bool Moves => Decision!.After.State != Stored.State || !Equals(Failure, Stored.Failure) || Cancellation != Stored.Cancellation || DueAt != Stored.DueAt || Slot != Stored.Slot;
}
