using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Saga.Tenancy.Sealing;

internal static class RuntimeKeysRegistration
{
    /// <summary>Adds <see cref="RuntimeKeys"/>. Several capabilities of one host may call it.</summary>
    public static IServiceCollection AddRuntimeKeys(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(RuntimeKeys)))
            return services;
        services.AddOptionsWithValidateOnStart<RuntimeKeyOptions, RuntimeKeyOptionsValidation>().Bind(configuration.GetSection(RuntimeKeyOptions.Section));
        return services.AddSingleton<RuntimeKeys>();
    }
}
