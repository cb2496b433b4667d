namespace Saga.Registry.Leases;

/// <summary>A request for a lease.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="AttemptTimeout">How long the attempt may take from the moment the lease is taken; until <paramref name="Deadline"/> when null. At most one day.</param>
/// <param name="Deadline">The lease is refused after this time.</param>
public sealed record LeaseRequest(StepLease Lease, TimeSpan? AttemptTimeout, DateTimeOffset Deadline);
