using Saga.Engine.Operations;

namespace Saga.Orchestrator.Machine;

/// <summary>The engine made a decision whose transition the state machine does not declare. One of the two is wrong, so nothing may be written.</summary>
public sealed class UndeclaredTransitionException(Guid operationId, string eventName, OperationState from, OperationState to)
    : Exception($"Operation {operationId}: the event {eventName} led from {from} to {to}, which the state machine does not declare. Nothing was changed. This is a bug in the program.");
