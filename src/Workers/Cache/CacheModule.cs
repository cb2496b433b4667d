using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Tenancy.Cache;
using Saga.Workers.Cache.Rotation;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;
using Saga.Workers.Verification;

namespace Saga.Workers.Cache;

/// <summary>The tenant's keys in the cache, with the adapter in <c>Saga:Cache:Adapter</c>.</summary>
public sealed class CacheModule : ResourceModule
{
    public override string Worker => WorkerNames.Cache;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddSealing(configuration).AddTenantCache(configuration);
        services.AddSingleton<ICacheProvisioner>(s => s.GetRequiredService<IOptions<CacheOptions>>().Value.Adapter == CacheOptions.RedisAdapter
            ? ActivatorUtilities.CreateInstance<RedisCacheProvisioner>(s)
            : ActivatorUtilities.CreateInstance<InProcessCacheProvisioner>(s));
        services.AddSingleton<IStep, CacheStep>();
        services.AddSingleton<IStep, DisableCacheStep>();
        services.AddSingleton<IStep, EnableCacheStep>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IStep, RemoveCacheStep>();
        services.TryAddSingleton<CacheSignInCheck>();
        services.AddSingleton<IStep, AddCacheUserStep>();
        services.AddSingleton<IStep, RetireCacheUserStep>();
        services.AddInventory<CacheInventory, ScanCacheStep>(configuration);
        services.AddRepair<CacheRepair, RepairCacheStep, ReleaseCacheStep, RemoveQuarantinedCacheStep>();
        if (configuration[$"{CacheOptions.Section}:{nameof(CacheOptions.Adapter)}"] == CacheOptions.RedisAdapter)
        {
            services.TryAddSingleton(TimeProvider.System);
            services.AddSingleton<RedisUserUpdate>();
            services.AddHostedService<RedisUserUpdateService>();
        }
    }

    public override void AddVerifications(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddRuntimeReads(configuration).AddTenantCache(configuration);
        services.TryAddSingleton<CacheSignInCheck>();
        services.AddSingleton<IVerification, CacheVerification>();
    }
}
