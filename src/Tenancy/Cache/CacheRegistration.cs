using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Saga.Tenancy.Cache;

public static class CacheRegistration
{
    /// <summary>Adds <see cref="ICacheStore"/> with the adapter in <c>Saga:Cache:Adapter</c>. Only the first call has an effect.</summary>
    public static IServiceCollection AddTenantCache(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(ICacheStore)))
            return services;
        services.AddOptionsWithValidateOnStart<CacheOptions, CacheOptionsValidation>().Bind(configuration.GetSection(CacheOptions.Section));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<RedisConnection>();
        services.AddSingleton<InProcessCacheStore>();
        services.AddSingleton<ICacheStore>(s => s.GetRequiredService<IOptions<CacheOptions>>().Value.Adapter == CacheOptions.RedisAdapter
            ? ActivatorUtilities.CreateInstance<RedisCacheStore>(s)
            : s.GetRequiredService<InProcessCacheStore>());
        return services;
    }
}
