using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Registry.Transitions;

/// <summary>An operation as a transaction found and locked it.</summary>
public sealed record LoadedOperation
{
    public required Guid Id { get; init; }

    /// <summary>Null when it works on no single tenant.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The steps it started with.</summary>
    public required WorkflowDefinition Workflow { get; init; }

    /// <summary>What its row says.</summary>
    public required StoredOperation Stored { get; init; }

    /// <summary>How far the steps have come, in the workflow's order.</summary>
    public required IReadOnlyList<StepRun> Steps { get; init; }

    /// <summary>Whether the message changed the operation before.</summary>
    public required bool Seen { get; init; }
}
