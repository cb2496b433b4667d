namespace Saga.Registry.Leases;

/// <summary>A lease that is asked for.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="AttemptTimeout">How long the attempt may take, from the take on; until <paramref name="Deadline"/> when null. A day at most.</param>
/// <param name="Deadline">After it, nothing is taken.</param>
public sealed record LeaseRequest(StepLease Lease, TimeSpan? AttemptTimeout, DateTimeOffset Deadline);
