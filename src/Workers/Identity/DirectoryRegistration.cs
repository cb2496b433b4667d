using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Workers.Identity.Embedded;
using Saga.Workers.Identity.Keycloak;

namespace Saga.Workers.Identity;

public static class DirectoryRegistration
{
    /// <summary>The directory that <c>Saga:Identity:Adapter</c> names; may be called by several capabilities of one host: the first call counts.</summary>
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
                // The value is read only to be refused: the options say which key and what it expects.
                services.AddSingleton<IDirectory>(s => throw new InvalidOperationException(s.GetRequiredService<IOptions<IdentityOptions>>().Value.Adapter));
                break;
        }

        return services;
    }
}
