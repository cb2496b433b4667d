using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Workers.Backup;
using Saga.Workers.Cache;
using Saga.Workers.Configuration;
using Saga.Workers.Database;
using Saga.Workers.Exports;
using Saga.Workers.Http;
using Saga.Workers.Identity;
using Saga.Workers.Notification;
using Saga.Workers.Reservation;
using Saga.Workers.Storage;
using Saga.Workers.Verification;

namespace Saga.Workers;

/// <summary>The resources of this version.</summary>
public static class ResourceModules
{
    public static IReadOnlyList<ResourceModule> All { get; } =
    [
        new ReservationModule(), new IdentityModule(), new DatabaseModule(), new StorageModule(), new CacheModule(), new ConfigurationModule(),
        new VerificationModule(), new NotificationModule(), new BackupModule(), new ExportModule(),
        new HttpModule(),
    ];

    /// <summary>The steps of one resource.</summary>
    public static IServiceCollection AddResource<TModule>(this IServiceCollection services, IConfiguration configuration)
        where TModule : ResourceModule, new()
    {
        new TModule().AddSteps(services, configuration);
        return services;
    }

    /// <summary>The verifications of one resource.</summary>
    public static IServiceCollection AddVerificationsOf<TModule>(this IServiceCollection services, IConfiguration configuration)
        where TModule : ResourceModule, new()
    {
        new TModule().AddVerifications(services, configuration);
        return services;
    }
}
