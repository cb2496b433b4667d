using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Workers.Identity.Embedded;
using Saga.Workers.Identity.Keycloak;
using Saga.Workers.Identity.Repair;

namespace Saga.Workers.Identity;

public static class DirectoryRegistration
{
    /// <summary>Adds the directory in <c>Saga:Identity:Adapter</c>. Several capabilities of one host may call it; only the first call has an effect.</summary>
    public static IServiceCollection AddDirectory(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(IDirectory)))
            return services;
        services.AddRegistry(configuration);
        services.AddOptionsWithValidateOnStart<IdentityOptions>().Bind(configuration.GetSection(IdentityOptions.Section)).ValidateDataAnnotations();
        switch (configuration[$"{IdentityOptions.Section}:{nameof(IdentityOptions.Adapter)}"])
        {
            case IdentityOptions.Keycloak:
                services.AddKeycloakDirectory(configuration);
                break;
            case IdentityOptions.Embedded:
                services.AddEmbeddedDirectory(configuration);
                break;
            default:
                // Reading the options fails with a message that names the key and the expected value.
                services.AddSingleton<IDirectory>(s => throw new InvalidOperationException(s.GetRequiredService<IOptions<IdentityOptions>>().Value.Adapter));
                break;
        }

        services.AddSingleton<AdministratorRepair>();
        return services;
    }
}
