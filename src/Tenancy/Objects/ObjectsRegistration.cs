using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Saga.Tenancy.Objects;

public static class ObjectsRegistration
{
    /// <summary>Adds <see cref="IObjectStore"/> with the adapter in <c>Saga:Storage:Adapter</c>. Only the first call has an effect.</summary>
    public static IServiceCollection AddTenantObjects(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(IObjectStore)))
            return services;
        services.AddOptionsWithValidateOnStart<StorageOptions, StorageOptionsValidation>().Bind(configuration.GetSection(StorageOptions.Section));
        services.AddSingleton<S3Connection>();
        services.AddSingleton<FolderPaths>();
        services.AddSingleton(s => new FolderVersions(s.GetRequiredService<FolderPaths>(), s.GetService<TimeProvider>()));
        services.AddSingleton<IObjectStore>(s => s.GetRequiredService<IOptions<StorageOptions>>().Value.Adapter == StorageOptions.S3Adapter
            ? ActivatorUtilities.CreateInstance<S3ObjectStore>(s)
            : ActivatorUtilities.CreateInstance<FolderObjectStore>(s));
        return services;
    }
}
