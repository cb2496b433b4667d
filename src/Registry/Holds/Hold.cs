using Saga.Contracts.Identifiers;

namespace Saga.Registry.Holds;

/// <summary>A restriction of a tenant.</summary>
/// <param name="Code">The machine-readable reason.</param>
/// <param name="Effect">What it prevents.</param>
/// <param name="Actor">Who set it.</param>
/// <param name="Reason">The reason for people.</param>
/// <param name="CreatedAt">When it was set, by the registry's clock.</param>
public sealed record Hold(HoldCode Code, HoldEffect Effect, string Actor, string Reason, DateTimeOffset CreatedAt);
