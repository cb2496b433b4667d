using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;

namespace Saga.Workers.Storage;

public static class StorageRegistration
{
    /// <summary>The storage step, on the adapter that <c>Saga:Storage:Adapter</c> names.</summary>
    public static IServiceCollection AddStorageWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddTenantObjects(configuration);
        services.TryAddSingleton(new S3CallGuard(LeaseGuard.RequireAsync));
        services.AddSingleton<S3BucketRules>();
        services.AddSingleton<S3PrefixRemoval>();
        services.AddSingleton<IStorageProvisioner>(s => s.GetRequiredService<IOptions<StorageOptions>>().Value.Adapter == StorageOptions.S3Adapter
            ? ActivatorUtilities.CreateInstance<S3StorageProvisioner>(s)
            : ActivatorUtilities.CreateInstance<FolderStorageProvisioner>(s));
        services.AddSingleton<IStep, StorageStep>();
        return services;
    }
}
