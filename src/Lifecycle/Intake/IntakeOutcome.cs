using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;

namespace Saga.Lifecycle.Intake;

/// <summary>What became of a command: <see cref="CommandAccepted"/> or <see cref="CommandRejected"/>.</summary>
public abstract record IntakeOutcome;

/// <summary>Durable: the operation will run, whatever stops meanwhile.</summary>
/// <param name="OperationId">The operation that runs the command.</param>
/// <param name="TenantId">The tenant it works on.</param>
/// <param name="IsReplay">The idempotency key was seen before; this is the operation it began then.</param>
public sealed record CommandAccepted(Guid OperationId, TenantId TenantId, bool IsReplay) : IntakeOutcome
{
    public OperationAccepted ToMessage() => new() { OperationId = OperationId, TenantId = TenantId, Location = $"/api/v1/operations/{OperationId}" };
}

/// <summary>Refused; nothing was written.</summary>
public sealed record CommandRejected(OperationRejected Rejection) : IntakeOutcome;

/// <summary>What a command would do.</summary>
/// <param name="Workflow">The steps that would run.</param>
/// <param name="Tier">The isolation tier the tenant would get; null when the command is invalid.</param>
/// <param name="Refusal">Why it would be refused now; null when it would be accepted.</param>
public sealed record IntakePlan(WorkflowDefinition Workflow, IsolationTier? Tier, OperationRejected? Refusal);
