using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Registry.Connections;
using Saga.Registry.Placements;
using Saga.Workers.Database.Walls;

namespace Saga.Workers.Database.Servers;

public static class DatabaseServersRegistration
{
    /// <summary>Adds the connection budgets that all code of this process shares. Several capabilities of one host may call it.</summary>
    public static IServiceCollection AddConnectionBudgets(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(ConnectionBudgets)))
            return services;
        services.AddOptionsWithValidateOnStart<ConnectionBudgetOptions>().Bind(configuration.GetSection(ConnectionBudgetOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<ConnectionBudgets>();
        return services;
    }

    /// <summary>Adds the configured servers, which are registered at start. Several capabilities of one host may call it.</summary>
    public static IServiceCollection AddDatabaseServers(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        if (services.Any(s => s.ServiceType == typeof(DatabaseServers)))
            return services;
        services.AddOptionsWithValidateOnStart<DatabasesOptions, DatabasesOptionsValidation>().Bind(configuration.GetSection(DatabasesOptions.Section));
        services.AddOptionsWithValidateOnStart<LockOptions>().Bind(configuration.GetSection(LockOptions.Section)).ValidateDataAnnotations();
        services.AddOptionsWithValidateOnStart<WallOptions>().Bind(configuration.GetSection(WallOptions.Section)).ValidateDataAnnotations();
        services.AddOptionsWithValidateOnStart<ServerHealthOptions>().Bind(configuration.GetSection(ServerHealthOptions.Section)).ValidateDataAnnotations();
        services.AddConnectionBudgets(configuration);
        services.AddSingleton<DatabaseServers>();
        services.AddSingleton<IServerBudgets, ConfiguredServerBudgets>();
        services.AddSingleton<FencedSessions>();
        services.TryAddSingleton<PlacementStore>();
        services.AddHostedService<RegisterServersAtStart>();
        return services;
    }
}
