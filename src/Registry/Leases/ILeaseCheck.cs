namespace Saga.Registry.Leases;

/// <summary>Checks the lease of a step before something changes outside of the registry. Part of the engine's port. Thread-safe.</summary>
public interface ILeaseCheck
{
    /// <summary>Checks the lease once without locking, right before a change to an external system.</summary>
    /// <exception cref="LeaseLostException">Another worker has the lease, its fencing token is stale, or its time is over.</exception>
    Task RequireAsync(StepLease lease, CancellationToken cancellationToken);
}
