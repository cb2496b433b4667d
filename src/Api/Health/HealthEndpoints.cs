using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Api.Requests;

namespace Saga.Api.Health;

internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The API's own dependencies; other capabilities add theirs with <c>AddHealthChecks().AddCheck</c>.</summary>
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddHealthChecks()
            .AddCheck<RegistryHealth>("registry", timeout: Patience)
            .AddCheck<IssuerHealth>("token-issuer", timeout: Patience);
        return services;
    }

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health").AllowAnonymous().WithTags("Health").WithHead();
        health.MapGet("/live", () => TypedResults.Ok(new HealthView { Status = "healthy" })).WithName("live")
            .WithSummary("Whether the process runs");
        health.MapGet("/ready", ReadyAsync).WithName("ready")
            .WithSummary("Whether the process can work: each dependency by name")
            .Produces<HealthView>().Produces<HealthView>(StatusCodes.Status503ServiceUnavailable);
    }

    // Details stay in the log: anybody may ask.
    private static async Task<IResult> ReadyAsync(HttpResponse response, HealthCheckService checks, CancellationToken cancellation)
    {
        var report = await checks.CheckHealthAsync(cancellation);
        response.Headers.CacheControl = "no-store";
        var view = new HealthView
        {
            Status = Name(report.Status),
            Checks = report.Entries.OrderBy(e => e.Key, StringComparer.Ordinal).ToDictionary(
                e => e.Key,
                e => new HealthCheckView { Status = Name(e.Value.Status), Detail = e.Value.Description, DurationMs = e.Value.Duration.TotalMilliseconds }),
        };
        return TypedResults.Json(view, statusCode: report.Status == HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    private static string Name(HealthStatus status) => status.ToString().ToLowerInvariant();
}

public sealed record HealthView
{
    /// <summary>healthy, degraded or unhealthy.</summary>
    public required string Status { get; init; }

    public IReadOnlyDictionary<string, HealthCheckView>? Checks { get; init; }
}

public sealed record HealthCheckView
{
    public required string Status { get; init; }

    public string? Detail { get; init; }

    public required double DurationMs { get; init; }
}
