using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Api.Tokens;

namespace Saga.Api.Health;

/// <summary>Whether tokens can be checked: the issuer's keys are known.</summary>
internal sealed class IssuerHealth(IssuerKeys keys) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await keys.FindAsync(null, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (IssuerUnavailableException e)
        {
            return HealthCheckResult.Unhealthy("The token issuer's keys are not known.", e);
        }
    }
}
