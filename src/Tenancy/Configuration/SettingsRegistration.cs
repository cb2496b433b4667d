using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Tenancy.Runtime;
using Saga.Tenancy.Sealing;

namespace Saga.Tenancy.Configuration;

public static class SettingsRegistration
{
    /// <summary>Adds <see cref="TenantSettings"/>. May be called by several capabilities of one host.</summary>
    public static IServiceCollection AddTenantSettings(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRuntimeRegistry(configuration);
        if (services.Any(s => s.ServiceType == typeof(TenantSettings)))
            return services;
        return services.AddSingleton(s => new TenantSettings(s.GetRequiredService<RuntimeRegistry>(), s.GetRequiredService<TenantSecrets>()));
    }
}
