using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Hosting.Health;

/// <summary>The health endpoints of every program.</summary>
public static class HealthEndpoints
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary><c>/health/live</c> and <c>/health/ready</c>.</summary>
    public static RouteGroupBuilder MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("/health");
        health.MapMethods("/live", Methods, () => TypedResults.Ok(new HealthView { Status = "healthy" })).WithName("live")
            .WithSummary("Whether the process is running");
        health.MapMethods("/ready", Methods, ReadyAsync).WithName("ready")
            .WithSummary("Whether the process can work: each dependency by name")
            .Produces<HealthView>().Produces<HealthView>(StatusCodes.Status503ServiceUnavailable);
        return health;
    }

    // Details stay in the log, because the endpoint is anonymous.
    private static async Task<IResult> ReadyAsync(HttpResponse response, Readiness readiness, CancellationToken cancellationToken)
    {
        var report = await readiness.ReportAsync(cancellationToken);
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
