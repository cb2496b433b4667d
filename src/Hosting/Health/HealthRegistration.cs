using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Saga.Hosting.Health;

public static class HealthRegistration
{
    /// <summary>How long a dependency may take to answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What every program depends on; other capabilities add theirs with <c>AddHealthChecks().AddCheck</c>.</summary>
    public static IHealthChecksBuilder AddHealth(this IServiceCollection services) =>
        services.AddHealthChecks().AddCheck<RegistryHealth>("registry", timeout: Patience);

    /// <summary>The same answers for a program without an API, where <see cref="HealthOptions"/> says. To be added before what it is to outlive.</summary>
    public static IServiceCollection AddHealthListener(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<HealthOptions, HealthOptionsRules>().Bind(configuration.GetSection(HealthOptions.Section));
        services.AddHealth();
        services.AddHostedService<HealthListener>();
        return services;
    }
}
