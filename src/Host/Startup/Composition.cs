using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Api;
using Saga.Host.Embedded.Identity;
using Saga.Orchestrator;
using Saga.Registry;
using Saga.Workers;

namespace Saga.Host.Startup;

/// <summary>Api, Orchestrator and Workers in one process, and the embedded issuer if identity is embedded.</summary>
internal static class Composition
{
    public static IServiceCollection AddEverything(this IServiceCollection services, IConfiguration configuration)
    {
        // Three programs share one process.
        services.Configure<RegistryOptions>(o => o.MaxConnections = 4 * RegistryOptions.DefaultMaxConnections);
        services.AddApi(configuration).AddOrchestrator(configuration).AddWorkers(configuration);
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
