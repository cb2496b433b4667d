using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Tenancy.Sealing;

namespace Saga.Tenancy.Connections;

public static class ConnectionsRegistration
{
    /// <summary><see cref="TenantConnections"/>, with the sealing it needs. May be called by several capabilities of one host.</summary>
    public static IServiceCollection AddTenantConnections(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSealing(configuration);
        if (services.Any(s => s.ServiceType == typeof(TenantConnections)))
            return services;
        services.AddOptions<TenantConnectionsOptions>()
            .Bind(configuration.GetSection(TenantConnectionsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        return services.AddSingleton<TenantConnections>();
    }
}
