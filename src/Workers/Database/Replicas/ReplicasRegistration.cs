using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Saga.Workers.Database.Replicas;

internal static class ReplicasRegistration
{
    /// <summary>Adds what tries logins on replicas. Several capabilities of one host may call it.</summary>
    public static IServiceCollection AddReplicas(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(ReplicaTrial)))
            return services;
        services.AddOptionsWithValidateOnStart<ReplicaOptions>().Bind(configuration.GetSection(ReplicaOptions.Section)).ValidateDataAnnotations();
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton<ReplicaTrial>();
    }
}
