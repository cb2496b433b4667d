using Saga.Contracts.Identifiers;

namespace Saga.Registry.Holds;

/// <summary>Why a tenant may not do all it usually may.</summary>
/// <param name="Code">The reason, for rules.</param>
/// <param name="Effect">What it keeps the tenant from.</param>
/// <param name="Actor">Who set it.</param>
/// <param name="Reason">The reason, in words.</param>
/// <param name="CreatedAt">Since when, by the registry's clock.</param>
public sealed record Hold(HoldCode Code, HoldEffect Effect, string Actor, string Reason, DateTimeOffset CreatedAt);
