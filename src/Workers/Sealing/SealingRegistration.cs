using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry;
using Saga.Registry.Connections;
using Saga.Registry.Processes;
using Saga.Registry.Schema;
using Saga.Registry.Secrets;
using Saga.Tenancy.Runtime;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

public static class SealingRegistration
{
    /// <summary>
    /// Adds <see cref="TenantSealer"/> and <see cref="CredentialStore"/>, with their registry and the back-fill of runtime keys.
    /// Several capabilities of one host may call it.
    /// </summary>
    public static IServiceCollection AddSealing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddRuntimeKeys(configuration);
        if (services.Any(s => s.ServiceType == typeof(TenantSealer)))
            return services;
        services.AddOptionsWithValidateOnStart<SealingOptions, SealingOptionsValidation>().Bind(configuration.GetSection(SealingOptions.Section));
        services.AddSingleton<IValidateOptions<RuntimeKeyOptions>, RuntimeKeysAreNoMasterKeys>();
        services.AddSingleton<MasterKeys>();
        services.AddSingleton(s => new TenantSealer(
            s.GetRequiredService<NpgsqlDataSource>(), s.GetRequiredService<MasterKeys>(), s.GetRequiredService<RuntimeKeys>()));
        services.AddSingleton<CredentialStore>();
        services.AddSingleton(s => new BoxKeys(s.GetRequiredService<BoxKeyStore>(), s.GetRequiredService<MasterKeys>(), s.GetRequiredService<RegistryAtStart>()));
        services.AddHostedService(s => s.GetRequiredService<BoxKeys>());
        services.AddSingleton<TenantKeyRotation>();
        services.AddSingleton(s => PartOf(s.GetRequiredService<IOptions<SealingOptions>>().Value));
        services.AddSingleton<RuntimeKeyBackfill>();
        services.AddHostedService<RuntimeKeyBackfillService>();
        return services;
    }

    /// <summary>
    /// Adds the reads that verifications make like a runtime. Without a connection string for runtimes, a worker shares the registry's
    /// connections, because it may read the registry anyway.
    /// </summary>
    public static IServiceCollection AddRuntimeReads(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(RuntimeRegistry)))
            return services;
        if (string.IsNullOrEmpty(configuration[$"{RuntimeRegistryOptions.Section}:{nameof(RuntimeRegistryOptions.ConnectionString)}"]))
            services.AddSingleton(s => RuntimeRegistry.Sharing(s.GetRequiredService<NpgsqlDataSource>()));
        else
            services.AddSingleton<IServerBudgets, RuntimeRegistryBudget>();
        return services.AddRuntimeRegistry(configuration);
    }

    private static ProcessPart PartOf(SealingOptions options) => new() { MasterKeyIds = options.MasterKeys.Keys, ActiveMasterKeyId = options.ActiveKey };
}
