using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;
using Saga.Workers.Drift;
using Saga.Workers.Exports;
using Saga.Workers.Runtime.Leases;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Storage;

/// <summary>The tenant's object storage, with the adapter in <c>Saga:Storage:Adapter</c>.</summary>
public sealed class StorageModule : ResourceModule
{
    public override string Worker => WorkerNames.Storage;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        AddShared(services, configuration);
        services.AddSingleton<S3BucketRules>();
        services.TryAddSingleton<S3PrefixRemoval>();
        services.AddExportFiles(configuration);
        services.AddSingleton<IStorageProvisioner>(s => s.GetRequiredService<IOptions<StorageOptions>>().Value.Adapter == StorageOptions.S3Adapter
            ? ActivatorUtilities.CreateInstance<S3StorageProvisioner>(s)
            : ActivatorUtilities.CreateInstance<FolderStorageProvisioner>(s));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IStep, StorageStep>();
        services.AddSingleton<IStep, RemoveStorageStep>();
        services.AddSingleton<IStep, CheckStorageStep>();
        services.AddInventory<StorageInventory, ScanStorageStep>(configuration);
        if (configuration[$"{StorageOptions.Section}:{nameof(StorageOptions.Adapter)}"] == StorageOptions.S3Adapter)
            services.AddHostedService<BucketRulesAtStart>();
        else
            services.AddHostedService<FolderVersionExpiry>();
    }

    public override void AddVerifications(IServiceCollection services, IConfiguration configuration)
    {
        AddShared(services, configuration);
        services.AddSingleton<IVerification, ObjectsVerification>();
    }

    private static void AddShared(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddTenantObjects(configuration);
        services.TryAddSingleton(new S3CallGuard(LeaseGuard.RequireAsync, connection => new LeasedStream(connection)));
    }
}
