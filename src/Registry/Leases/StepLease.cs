namespace Saga.Registry.Leases;

/// <summary>The right to work on one dispatch of one step, proven in the registry by all four values.</summary>
public sealed record StepLease(Guid OperationId, string Step, long Fence, Guid Holder);

/// <summary>The lease is another's now: what was about to be done must not be done.</summary>
public sealed class LeaseLostException(StepLease lease)
    : Exception($"Step '{lease.Step}' of operation {lease.OperationId} is no longer leased under fence {lease.Fence}.")
{
    public StepLease Lease { get; } = lease;
}
