using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Steps;
using Saga.Workers.Cache;
using Saga.Workers.Configuration;
using Saga.Workers.Database;
using Saga.Workers.Identity;
using Saga.Workers.Notification;
using Saga.Workers.Reservation;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using Saga.Workers.Verification;

namespace Saga.Workers;

public static class WorkersRegistration
{
    private static readonly Dictionary<string, Action<IServiceCollection, IConfiguration>> Known = new(StringComparer.Ordinal)
    {
        [WorkerNames.Reservation] = (services, configuration) => services.AddReservationWorker(configuration),
        [WorkerNames.Identity] = (services, configuration) => services.AddIdentityWorker(configuration),
        [WorkerNames.Database] = (services, configuration) => services.AddDatabaseWorker(configuration),
        [WorkerNames.Storage] = (services, configuration) => services.AddStorageWorker(configuration),
        [WorkerNames.Cache] = (services, configuration) => services.AddCacheWorker(configuration),
        [WorkerNames.Configuration] = (services, configuration) => services.AddConfigurationWorker(configuration),
        [WorkerNames.Verification] = (services, configuration) =>
            services.AddVerificationWorker(configuration).AddDatabaseVerification(configuration).AddIdentityVerification(configuration),
        [WorkerNames.Notification] = (services, configuration) => services.AddNotificationWorker(configuration),
    };

    /// <summary>The workers that <c>Saga:Workers:Run</c> names, all by default; each reads a queue of its own.</summary>
    /// <exception cref="InvalidOperationException">A name is not a worker's.</exception>
    public static IServiceCollection AddWorkers(this IServiceCollection services, IConfiguration configuration)
    {
        var named = configuration.GetSection($"{WorkersOptions.Section}:{nameof(WorkersOptions.Run)}").Get<string[]>();
        foreach (var name in named is { Length: > 0 } ? named : [.. Known.Keys])
        {
            if (!Known.TryGetValue(name, out var add))
                throw new InvalidOperationException($"Saga:Workers:Run names '{name}', which is not a worker. Known are: {string.Join(", ", Known.Keys)}.");
            add(services, configuration);
            services.AddWorkerEndpoint(configuration, name);
        }

        return services;
    }
}
