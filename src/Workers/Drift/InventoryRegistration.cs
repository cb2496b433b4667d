using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Registry.Drift;
using Saga.Workers.Runtime;

namespace Saga.Workers.Drift;

internal static class InventoryRegistration
{
    /// <summary>Adds a resource's inventory, and the step that compares it with the registry.</summary>
    public static void AddInventory<TInventory, TStep>(this IServiceCollection services, IConfiguration configuration)
        where TInventory : class, IInventory
        where TStep : ScanStep
    {
        if (services.All(s => s.ServiceType != typeof(IValidateOptions<DriftOptions>)))
            services.AddOptionsWithValidateOnStart<DriftOptions>().Bind(configuration.GetSection(DriftOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<TInventory>();
        services.TryAddSingleton<DriftScanner>();
        services.AddSingleton<IStep, TStep>();
    }

    /// <summary>Adds the repairs of what an inventory lists, and the steps that do and end them.</summary>
    public static void AddRepair<TResource, TRepair, TRelease, TRemove>(this IServiceCollection services)
        where TResource : class, IResourceRepair
        where TRepair : RepairStep
        where TRelease : ReleaseStep
        where TRemove : RemoveQuarantinedStep
    {
        services.AddSingleton<TResource>();
        services.TryAddSingleton<DriftRepairer>();
        services.AddSingleton<IStep, TRepair>();
        services.AddSingleton<IStep, TRelease>();
        services.AddSingleton<IStep, TRemove>();
    }
}
