using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Tenancy.Cache;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Cache;

public static class CacheWorkerRegistration
{
    /// <summary>The cache step, on the adapter that <c>Saga:Cache:Adapter</c> names.</summary>
    public static IServiceCollection AddCacheWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddSealing(configuration);
        services.AddTenantCache(configuration);
        services.AddSingleton<ICacheProvisioner>(s => s.GetRequiredService<IOptions<CacheOptions>>().Value.Adapter == CacheOptions.RedisAdapter
            ? ActivatorUtilities.CreateInstance<RedisCacheProvisioner>(s)
            : ActivatorUtilities.CreateInstance<InProcessCacheProvisioner>(s));
        services.AddSingleton<IStep, CacheStep>();
        return services;
    }
}
