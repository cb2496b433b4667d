using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Registry.Transitions;

/// <summary>An operation that a transaction has locked and loaded.</summary>
public sealed record LoadedOperation
{
    public required Guid Id { get; init; }

    /// <summary>Null when it does not concern a single tenant.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>The steps that it started with.</summary>
    public required WorkflowDefinition Workflow { get; init; }

    /// <summary>The contents of its row.</summary>
    public required StoredOperation Stored { get; init; }

    /// <summary>Whether its acceptance changed more than the operation itself.</summary>
    public bool WroteOnAcceptance { get; init; }

    /// <summary>The states of the steps, in the workflow's order.</summary>
    public required IReadOnlyList<StepRun> Steps { get; init; }

    /// <summary>Whether the message has already changed the operation.</summary>
    public required bool Seen { get; init; }
}
