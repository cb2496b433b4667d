using MassTransit;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Contracts.Workflows;
using Saga.Orchestrator.Engine;
using Saga.Registry.Operations;

namespace Saga.Orchestrator.Machine;

/// <summary>The saga instance: one row of <c>operations</c>.</summary>
public sealed class OperationSaga : SagaStateMachineInstance
{
    /// <summary>The operation's id.</summary>
    public Guid CorrelationId { get; set; }

    /// <summary>The state machine's state: a name of <see cref="OperationState"/>.</summary>
    public string CurrentState { get; set; } = "";

    public required TenantId TenantId { get; init; }

    /// <summary>The steps this operation started with; a newer definition does not disturb it.</summary>
    public required WorkflowDefinition Workflow { get; init; }

    public required IReadOnlyList<StepRun> Steps { get; set; }

    public Failure? Failure { get; set; }

    /// <summary>When the sweeper wakes it, as the row has it.</summary>
    public DateTimeOffset? StoredDueAt { get; init; }

    public OperationState State => Enum.Parse<OperationState>(CurrentState);

    public Progress Progress => new(State, Steps, Failure);

    /// <summary>What the present event changes; written with the row. Null until the engine decided.</summary>
    public Decision? Decision { get; set; }
}
