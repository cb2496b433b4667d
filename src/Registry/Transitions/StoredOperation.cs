using Saga.Contracts.Steps;
using Saga.Engine.Operations;

namespace Saga.Registry.Transitions;

/// <summary>The part of the operation's own row that a transition may change.</summary>
/// <param name="State">Its state.</param>
/// <param name="Failure">The failure that caused compensation or a stall.</param>
/// <param name="DueAt">When the sweeper wakes it; null when only messages can advance it.</param>
/// <param name="Slot">Whether it has a slot of the installation.</param>
public sealed record StoredOperation(OperationState State, Failure? Failure, DateTimeOffset? DueAt, SlotState Slot = SlotState.Admitted)
{
    /// <summary>Who cancelled it; null when nobody did.</summary>
    public Cancellation? Cancellation { get; init; }
}
