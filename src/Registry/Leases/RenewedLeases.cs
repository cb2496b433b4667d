namespace Saga.Registry.Leases;

/// <summary>The result of renewing leases. A holder in neither set has lost its lease.</summary>
/// <param name="Renewed">The holders whose lease was renewed.</param>
/// <param name="Locked">The holders whose row another transaction has locked, so that the lease could not be renewed now.</param>
public sealed record RenewedLeases(IReadOnlySet<Guid> Renewed, IReadOnlySet<Guid> Locked);
