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

    /// <summary>Null when the operation works on no single tenant.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The steps this operation started with; a newer definition does not disturb it.</summary>
    public required WorkflowDefinition Workflow { get; init; }

    public required IReadOnlyList<StepRun> Steps { get; set; }

    public Failure? Failure { get; set; }

    /// <summary>What the row says now.</summary>
    public required StoredOperation Stored { get; init; }

    /// <summary>The registry's time when the operation was loaded: the only clock that decides.</summary>
    public required DateTimeOffset Now { get; init; }

    public OperationState State => Enum.Parse<OperationState>(CurrentState);

    public Progress Progress => new(State, Steps, Failure);

    /// <summary>What the present event changes; written with the row. Null until the engine decided.</summary>
    public Decision? Decision { get; set; }

    /// <summary>
    /// When the sweeper is to wake it. What is needed later may wait: a wake that comes too soon changes nothing, and is put off
    /// then. Until then the time stays, and with it the row: most operations end before the sweeper ever looks.
    /// </summary>
    public DateTimeOffset? DueAt => Slot == SlotState.Queued ? null : Decision!.After.NextDueAt is { } needed && Decision.Advances && Stored.DueAt is { } stored && stored <= needed
        ? stored
        : Decision.After.NextDueAt;

    /// <summary>
    /// A slot is held only while a step is dispatched. One that queues for a slot stays where it is: late reports do not cost it its
    /// place.
    /// </summary>
    public SlotState Slot => Decision!.After switch
    {
        { State: OperationState.Accepted } => Stored.Slot,
        { HasDispatch: true } => SlotState.Admitted,
        { State: OperationState.Running } when Stored is { Slot: SlotState.Queued } => SlotState.Queued,
        _ => SlotState.Released,
    };

    /// <summary>Whether the row is to be written: a step that goes its way has a row of its own.</summary>
    public bool Moves => Decision!.After.State != Stored.State || !Equals(Failure, Stored.Failure) || DueAt != Stored.DueAt || Slot != Stored.Slot;
}
