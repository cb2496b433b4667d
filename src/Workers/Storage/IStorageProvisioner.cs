using Saga.Contracts.Identifiers;

namespace Saga.Workers.Storage;

/// <summary>
/// Makes and removes the place of one tenant's objects. Both are idempotent and leave other tenants alone.
/// Failures are <see cref="Tenancy.Objects.ObjectStoreException"/>. Thread-safe.
/// </summary>
public interface IStorageProvisioner
{
    /// <inheritdoc cref="Saga.Workers.Runtime.IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    Task<ProvisionedStorage> ProvisionAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Removes everything of the tenant, old versions and unfinished uploads included, and sees that it is gone.</summary>
    Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Whether anything of the tenant is there.</summary>
    Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <summary>What was made, for an operator to see.</summary>
/// <param name="Location">Such as <c>s3://bucket/tenants/…/</c>.</param>
/// <param name="Policy">How the tenant is kept to its place.</param>
/// <param name="Lifecycle">What becomes of unfinished uploads.</param>
public sealed record ProvisionedStorage(string Location, string Policy, string Lifecycle);
