using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Operations;

namespace Saga.Lifecycle.Intake;

/// <summary>The outcome of a command: <see cref="CommandAccepted"/> or <see cref="CommandRejected"/>.</summary>
public abstract record IntakeOutcome;

/// <summary>The command is durable: its operation will run, whatever fails in the meantime.</summary>
/// <param name="OperationId">The operation that runs the command.</param>
/// <param name="TenantId">The tenant that it concerns; null when it does not concern a single tenant.</param>
/// <param name="IsReplay">The idempotency key was used before; this is the operation that it started then.</param>
public sealed record CommandAccepted(Guid OperationId, TenantId? TenantId, bool IsReplay) : IntakeOutcome
{
    /// <summary>The operation as accepted, to show it while the registry is unavailable; null for a replay.</summary>
    public Operation? Operation { get; init; }

    public OperationAccepted ToMessage() => new() { OperationId = OperationId, TenantId = TenantId, Location = $"/api/v1/operations/{OperationId}" };
}

/// <summary>The command was refused and nothing was written.</summary>
public sealed record CommandRejected(OperationRejected Rejection) : IntakeOutcome;
