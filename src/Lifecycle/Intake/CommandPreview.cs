using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Registry.Operations;

namespace Saga.Lifecycle.Intake;

/// <summary>What a command would do.</summary>
/// <param name="Workflow">The steps that would run; the command's usual steps when it is refused; null when there are none.</param>
/// <param name="Input">The checked command; null when it breaks a rule.</param>
/// <param name="Rejection">Why it would be refused now; null when it would be accepted.</param>
public sealed record CommandPreview(WorkflowDefinition? Workflow, object? Input, OperationRejected? Rejection)
{
    /// <summary>The existing tenant that it concerns; null for a new tenant or none.</summary>
    public TenantId? TenantId { get; init; }

    /// <summary>What would happen, in words; empty when the command breaks a rule.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>The operation that the command would wait for; null when it would not wait.</summary>
    public ScopeHolder? WaitsFor { get; init; }
}
