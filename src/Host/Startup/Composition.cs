using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Api;
using Saga.Contracts.Steps;
using Saga.Host.Embedded.Identity;
using Saga.Orchestrator;
using Saga.Workers.Cache;
using Saga.Workers.Configuration;
using Saga.Workers.Database;
using Saga.Workers.Identity;
using Saga.Workers.Notification;
using Saga.Workers.Reservation;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using Saga.Workers.Verification;

namespace Saga.Host.Startup;

/// <summary>Api, Orchestrator and Workers in one process, and the embedded issuer where identity is embedded.</summary>
internal static class Composition
{
    public static IServiceCollection AddEverything(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddApi(configuration).AddOrchestrator(configuration);
        services.AddReservationWorker(configuration).AddIdentityWorker(configuration).AddDatabaseWorker(configuration).AddStorageWorker(configuration)
            .AddCacheWorker(configuration).AddConfigurationWorker(configuration).AddVerificationWorker(configuration).AddNotificationWorker(configuration);
        foreach (var w in new[] { WorkerNames.Cache, WorkerNames.Configuration, WorkerNames.Database, WorkerNames.Identity, WorkerNames.Notification, WorkerNames.Reservation, WorkerNames.Storage, WorkerNames.Verification })
            services.AddWorkerEndpoint(configuration, w);
        if (IsEmbedded(configuration))
            services.AddEmbeddedIssuer(configuration);
        return services;
    }

    public static void MapEverything(this WebApplication app)
    {
        app.MapApi();
        if (IsEmbedded(app.Configuration))
            app.MapEmbeddedIssuer();
    }

    private static bool IsEmbedded(IConfiguration configuration) => configuration[ModeRules.IdentityKey] == ModeRules.EmbeddedIdentity;
}
