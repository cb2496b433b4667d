using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Database;

public static class DatabaseRegistration
{
    /// <summary>The steps that make and migrate a tenant's place on a database server.</summary>
    public static IServiceCollection AddDatabaseWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddDatabaseServers(configuration).AddTenantConnections(configuration);
        services.TryAddSingleton(ProductMigrations.Embedded());
        services.AddSingleton<ProductMigrator>();
        services.AddSingleton<SharedDatabases>();
        services.AddSingleton<TemplateDatabases>();
        services.AddSingleton<ITier, RowTier>();
        services.AddSingleton<ITier, SchemaTier>();
        services.AddSingleton<ITier, DatabaseTier>();
        services.TryAddSingleton<DatabaseVerification>();
        services.AddSingleton<IStep, DatabaseStep>();
        services.AddSingleton<IStep, MigrateStep>();
        return services;
    }

    /// <summary>The proof that a tenant's database works, for the verify step. Needs no administrator's connection.</summary>
    public static IServiceCollection AddDatabaseVerification(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddTenantConnections(configuration);
        services.TryAddSingleton<DatabaseVerification>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IVerification, DatabaseVerification>(s => s.GetRequiredService<DatabaseVerification>()));
        return services;
    }
}
