namespace Saga.Registry.Leases;

/// <summary>The right to work on one dispatch of one step. All four values must match the registry.</summary>
public sealed record StepLease(Guid OperationId, string Step, long Fence, Guid Holder);

/// <summary>The attempt has lost its lease, so the intended change must not be made.</summary>
public sealed class LeaseLostException(StepLease lease)
    : Exception($"Step '{lease.Step}' of operation {lease.OperationId} is no longer leased under fencing token {lease.Fence}.")
{
    public StepLease Lease { get; } = lease;
}
