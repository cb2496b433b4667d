using Saga.Contracts.Identifiers;

namespace Saga.Api.Tenants;

/// <summary>A restriction of a tenant.</summary>
/// <param name="Code">The kind of reason.</param>
/// <param name="Effect">What it prevents.</param>
/// <param name="Reason">The reason for people.</param>
/// <param name="Since">When it was set.</param>
public sealed record HoldView(HoldCode Code, HoldEffect Effect, string Reason, DateTimeOffset Since);
