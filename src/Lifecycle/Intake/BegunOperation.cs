using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Intake;

/// <summary>The operation that is being accepted.</summary>
public sealed record BegunOperation(Guid Id, TenantId TenantId, DateTimeOffset At);
