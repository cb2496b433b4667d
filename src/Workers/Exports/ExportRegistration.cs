using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime.Leases;
using Saga.Workers.Storage;

namespace Saga.Workers.Exports;

internal static class ExportRegistration
{
    /// <summary>Adds the store of exports' files. Several capabilities of one host may call it.</summary>
    public static IServiceCollection AddExportFiles(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(ExportFiles)))
            return services;
        services.AddRegistry(configuration).AddTenantObjects(configuration);
        services.AddOptionsWithValidateOnStart<ExportOptions>().Bind(configuration.GetSection(ExportOptions.Section)).ValidateDataAnnotations();
        services.TryAddSingleton(new S3CallGuard(LeaseGuard.RequireAsync, connection => new LeasedStream(connection)));
        services.TryAddSingleton<S3PrefixRemoval>();
        return services.AddSingleton<ExportFiles>();
    }
}
