using Saga.Contracts.Steps;
using Saga.Engine.Operations;

namespace Saga.Registry.Transitions;

/// <summary>What a transition may change in the operation's own row.</summary>
/// <param name="State">Its state.</param>
/// <param name="Failure">What turned it round or stalled it.</param>
/// <param name="DueAt">When the sweeper wakes it; null when only messages can move it.</param>
/// <param name="Slot">Whether it holds a slot of the installation.</param>
public sealed record StoredOperation(OperationState State, Failure? Failure, DateTimeOffset? DueAt, SlotState Slot = SlotState.Admitted);
