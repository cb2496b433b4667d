using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Registry;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;
using Saga.Workers.Verification;

namespace Saga.Workers.Database;

public static class DatabaseRegistration
{
    /// <summary>The steps that make and migrate a tenant's place on a database server, and the proof that it works.</summary>
    public static IServiceCollection AddDatabaseWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSealing(configuration).AddDatabaseServers(configuration).AddDatabaseVerification(configuration);
        services.TryAddSingleton(ProductMigrations.Embedded());
        services.AddSingleton<ProductMigrator>();
        services.AddSingleton<SharedDatabases>();
        services.AddSingleton<TemplateDatabases>();
        services.AddSingleton<WarmPool>();
        services.AddHostedService<WarmPoolFiller>();
        services.AddSingleton<ITier, RowTier>();
        services.AddSingleton<ITier, SchemaTier>();
        services.AddSingleton<ITier, DatabaseTier>();
        services.AddSingleton<IStep, DatabaseStep>();
        services.AddSingleton<IStep, MigrateStep>();
        return services;
    }

    /// <summary>
    /// The proof alone, for the verify step in a process without the database worker. Needs no administrator's
    /// connection and no master key. May be called by several capabilities of one host.
    /// </summary>
    public static IServiceCollection AddDatabaseVerification(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddRuntimeReads(configuration).AddTenantConnections(configuration);
        services.TryAddSingleton<DatabaseVerification>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IVerification, DatabaseVerification>(s => s.GetRequiredService<DatabaseVerification>()));
        return services;
    }
}
