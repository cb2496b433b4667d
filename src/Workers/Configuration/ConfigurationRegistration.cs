using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Registry;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Configuration;

public static class ConfigurationRegistration
{
    /// <summary>The configuration step.</summary>
    public static IServiceCollection AddConfigurationWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddSealing(configuration);
        services.AddSingleton<IStep, ConfigurationStep>();
        return services;
    }
}
