using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Workers.Identity.Embedded;
using Saga.Workers.Identity.Keycloak;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Identity;

public static class IdentityRegistration
{
    /// <summary>The steps of the identity worker, and the directory that <c>Saga:Identity:Adapter</c> names.</summary>
    public static IServiceCollection AddIdentityWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddDirectory(configuration);
        services.AddSingleton<IStep, IdentityStep>();
        services.AddSingleton<IStep, AdministratorStep>();
        return services;
    }

    /// <summary>The proof that organisation and administrator are there, for the verify step.</summary>
    public static IServiceCollection AddIdentityVerification(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddDirectory(configuration);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IVerification, IdentityVerification>());
        return services;
    }

    /// <summary>The directory alone; may be called by several capabilities of one host: the first call counts.</summary>
    public static IServiceCollection AddDirectory(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(IDirectory)))
            return services;
        services.AddRegistry(configuration);
        services.AddOptions<IdentityOptions>().Bind(configuration.GetSection(IdentityOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
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
