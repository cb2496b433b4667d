using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Workers.Runtime;

/// <summary>
/// The external systems as the steps met them. One that is away holds back its own steps only, so the process stays
/// ready; asking them here would count for nothing that a step needs.
/// </summary>
internal sealed class CircuitBreakersHealth(CircuitBreakers circuits) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(circuits.Open is { Count: > 0 } open
            ? HealthCheckResult.Degraded($"Unavailable when last tried: {string.Join(", ", open)}.")
            : HealthCheckResult.Healthy());
}
