using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry;

namespace Saga.Tenancy.Sealing;

public static class SealingRegistration
{
    /// <summary>
    /// <see cref="TenantSealer"/> and <see cref="CredentialStore"/>, with the registry they are kept in.
    /// May be called by several capabilities of one host.
    /// </summary>
    public static IServiceCollection AddSealing(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        if (services.Any(s => s.ServiceType == typeof(TenantSealer)))
            return services;
        services.AddOptions<SealingOptions>().Bind(configuration.GetSection(SealingOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SealingOptions>, SealingOptionsValidation>();
        services.AddSingleton<MasterKeys>();
        services.AddSingleton(s => new TenantSealer(s.GetRequiredService<NpgsqlDataSource>(), s.GetRequiredService<MasterKeys>()));
        services.AddSingleton<CredentialStore>();
        return services;
    }
}
