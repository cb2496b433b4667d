using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Tenancy.Runtime;
using Saga.Tenancy.Sealing;

namespace Saga.Tenancy.Connections;

public static class ConnectionsRegistration
{
    /// <summary>Adds <see cref="TenantConnections"/> and its access to the registry. Several capabilities of one host may call it.</summary>
    public static IServiceCollection AddTenantConnections(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRuntimeRegistry(configuration);
        if (services.Any(s => s.ServiceType == typeof(TenantConnections)))
            return services;
        services.AddOptionsWithValidateOnStart<TenantConnectionsOptions>()
            .Bind(configuration.GetSection(TenantConnectionsOptions.Section)).ValidateDataAnnotations();
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton(s => new TenantConnections(
            s.GetRequiredService<RuntimeRegistry>(), s.GetRequiredService<TenantCredentials>(), s.GetRequiredService<IOptions<TenantConnectionsOptions>>(),
            s.GetRequiredService<TimeProvider>()));
    }
}
