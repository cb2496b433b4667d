using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Tenancy.Sealing;

namespace Saga.Tenancy.Configuration;

public static class SettingsRegistration
{
    /// <summary>Adds <see cref="TenantSettings"/>. May be called by several capabilities of one host.</summary>
    public static IServiceCollection AddTenantSettings(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSealing(configuration);
        services.TryAddSingleton<TenantSettings>();
        return services;
    }
}
