using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Tenancy.Sealing;

namespace Saga.Tenancy.Runtime;

public static class RuntimeRegistration
{
    /// <summary>
    /// Adds <see cref="RuntimeRegistry"/> and <see cref="TenantCredentials"/>, this process's access to the control plane.
    /// Several capabilities of one host may call it.
    /// </summary>
    public static IServiceCollection AddRuntimeRegistry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRuntimeKeys(configuration);
        if (services.All(s => s.ServiceType != typeof(RuntimeRegistry)))
        {
            services.AddOptionsWithValidateOnStart<RuntimeRegistryOptions>().Bind(configuration.GetSection(RuntimeRegistryOptions.Section)).ValidateDataAnnotations();
            services.AddSingleton(s => new RuntimeRegistry(s.GetRequiredService<IOptions<RuntimeRegistryOptions>>().Value));
        }

        services.TryAddSingleton<TenantSecrets>();
        services.TryAddSingleton(s => new TenantCredentials(s.GetRequiredService<RuntimeRegistry>(), s.GetRequiredService<TenantSecrets>()));
        return services;
    }
}
