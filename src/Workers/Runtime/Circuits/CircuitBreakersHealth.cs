using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Workers.Runtime.Circuits;

/// <summary>
/// Reports the external systems' state as seen by steps. An unavailable system only defers the steps that need it, so the process
/// stays ready. The check does not call the systems itself, because that would not show what the steps need.
/// </summary>
internal sealed class CircuitBreakersHealth(CircuitBreakers circuits) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(circuits.Open is { Count: > 0 } open
            ? HealthCheckResult.Degraded($"Unavailable when last tried: {string.Join(", ", open)}.")
            : HealthCheckResult.Healthy());
}
