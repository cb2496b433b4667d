using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Registry.Placements;

namespace Saga.Workers.Database.Servers;

public static class DatabaseServersRegistration
{
    /// <summary>How many connections this process opens to a server, whatever opens them. May be called by several capabilities of one host.</summary>
    public static IServiceCollection AddConnectionBudgets(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(ConnectionBudgets)))
            return services;
        services.AddOptionsWithValidateOnStart<ConnectionBudgetOptions>().Bind(configuration.GetSection(ConnectionBudgetOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<ConnectionBudgets>();
        return services;
    }

    /// <summary>The configured servers, made known to the registry at start. May be called by several capabilities of one host.</summary>
    public static IServiceCollection AddDatabaseServers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        if (services.Any(s => s.ServiceType == typeof(DatabaseServers)))
            return services;
        services.AddOptionsWithValidateOnStart<DatabasesOptions, DatabasesOptionsValidation>().Bind(configuration.GetSection(DatabasesOptions.Section));
        services.AddConnectionBudgets(configuration);
        services.AddSingleton<DatabaseServers>();
        services.AddSingleton<FencedSessions>();
        services.AddSingleton<PlacementStore>();
        services.AddHostedService<RegisterServersAtStart>();
        return services;
    }
}
