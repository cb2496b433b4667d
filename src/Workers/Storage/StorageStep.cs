using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;

namespace Saga.Workers.Storage;

/// <summary>Creates the tenant's object storage.</summary>
internal sealed class StorageStep(IStorageProvisioner provisioner, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.Storage;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public TimeSpan LingersFor => provisioner.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        try
        {
            return await provisioner.ProvisionAsync(context.TenantId, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        await leases.RequireAsync(context.Lease, cancellationToken);
        try
        {
            await provisioner.RemoveAsync(context.TenantId, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }
}
