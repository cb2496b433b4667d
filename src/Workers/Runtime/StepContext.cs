using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>What a step works on, and the lease under which it may.</summary>
public sealed class StepContext(Tenant? tenant, Guid operationId, string step, int attempt, StepLease lease)
{
    /// <summary>The tenant as the registry had it when this attempt began.</summary>
    /// <exception cref="InvalidOperationException">The operation works on no single tenant.</exception>
    public Tenant Tenant => tenant ?? throw new InvalidOperationException($"Operation {OperationId} works on no single tenant, and its step '{Step}' asked for one.");

    public bool HasTenant => tenant is not null;

    public TenantId TenantId => Tenant.Id;

    public Guid OperationId { get; } = operationId;

    public string Step { get; } = step;

    /// <summary>From 1.</summary>
    public int Attempt { get; } = attempt;

    /// <summary>Pass it to what writes to the registry, so that the write and the right to write are one statement.</summary>
    public StepLease Lease { get; } = lease;
}
