using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Registry;

namespace Saga.Host.Startup;

/// <summary>Api, Orchestrator and Workers in one process.</summary>
internal static class Composition
{
    public static IServiceCollection AddEverything(this IServiceCollection services, IConfiguration configuration) =>
        services.AddRegistry(configuration);

    public static void MapEverything(this WebApplication app)
    {
        app.MapGet("/health/live", () => "ok");
    }
}
