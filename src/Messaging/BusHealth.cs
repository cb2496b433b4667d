using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Messaging;

/// <summary>
/// Judges the bus more strictly than MassTransit. MassTransit calls a bus that has lost its broker degraded, because it will connect
/// again, but until then the process cannot work.
/// </summary>
internal sealed class BusHealth(IHealthCheck inner) : IHealthCheck
{
    private const string Name = "masstransit-bus";

    /// <summary>Replaces MassTransit's check under the same name.</summary>
    public static void Judge(HealthCheckServiceOptions options)
    {
        foreach (var check in options.Registrations.Where(r => r.Name == Name))
        {
            var inner = check.Factory;
            check.Factory = services => new BusHealth(inner(services));
        }
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var result = await inner.CheckHealthAsync(context, cancellationToken);
        return result.Status == HealthStatus.Degraded ? HealthCheckResult.Unhealthy(result.Description, result.Exception, result.Data) : result;
    }
}
