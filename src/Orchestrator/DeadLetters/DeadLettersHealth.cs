using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Saga.Registry.DeadLetters;

namespace Saga.Orchestrator.DeadLetters;

/// <summary>Degraded while dead letters wait for an operator. The process continues to work, because they do not block anything else.</summary>
internal sealed class DeadLettersHealth(DeadLetterStore letters) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return await letters.CountWaitingAsync(cancellationToken) is > 0 and var waiting
                ? HealthCheckResult.Degraded(string.Create(CultureInfo.InvariantCulture, $"{waiting} messages could not be consumed: GET /api/v1/dead-letters."))
                : HealthCheckResult.Healthy();
        }
        catch (NpgsqlException error)
        {
            // Another check reports that the registry is unavailable.
            return HealthCheckResult.Degraded("Unknown: the control-plane database does not answer.", error);
        }
    }
}
