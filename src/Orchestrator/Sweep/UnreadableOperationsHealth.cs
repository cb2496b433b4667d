using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Orchestrator.Sweep;

/// <summary>Degraded while operations wait for a version that can read them. All other operations continue.</summary>
internal sealed class UnreadableOperationsHealth(UnreadableOperations operations) : IHealthCheck
{
    private const int Named = 5;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var left = operations.Left;
        return Task.FromResult(left.Count == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded(string.Create(
                CultureInfo.InvariantCulture, $"{left.Count} operations cannot be read by this version: {string.Join(", ", left.Keys.Order().Take(Named))}{(left.Count > Named ? ", …" : ".")} {string.Join(' ', left.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(Named))}")));
    }
}
