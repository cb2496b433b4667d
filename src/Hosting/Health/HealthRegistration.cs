using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Saga.Hosting.Health;

public static class HealthRegistration
{
    /// <summary>How long a dependency may take to answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Adds the checks of every program; other capabilities add theirs with <c>AddHealthChecks().AddCheck</c>.</summary>
    public static IHealthChecksBuilder AddHealth(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Readiness>();
        return services.AddHealthChecks().AddCheck<RegistryHealth>("registry", timeout: Patience).AddCheck<ConnectionsHealth>("connections", timeout: Patience);
    }

    /// <summary>Serves the same endpoints for a program without an API, at the address in <see cref="HealthOptions"/>. Add it before the services that it must outlive.</summary>
    public static IServiceCollection AddHealthListener(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<HealthOptions, HealthOptionsRules>().Bind(configuration.GetSection(HealthOptions.Section));
        services.AddHealth();
        services.AddHostedService<HealthListener>();
        return services;
    }
}
