using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Reactivate;

/// <summary>A valid command.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Codes">The codes to lift, as far as they stand.</param>
/// <param name="Reason">The reason for people; null when none was given.</param>
public sealed record ValidReactivation(TenantId TenantId, IReadOnlyCollection<HoldCode> Codes, string? Reason);
