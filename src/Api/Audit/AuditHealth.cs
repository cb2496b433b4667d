using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Saga.Registry.Audit;

namespace Saga.Api.Audit;

/// <summary>Degraded while the sealing of the audit log is behind. It blocks nothing, but what is not sealed is not proved.</summary>
internal sealed class AuditHealth(AuditSealStore seals) : IHealthCheck
{
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(1);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return (await seals.LagAsync(cancellationToken)).Age is { } age && age > Late
                ? HealthCheckResult.Degraded(string.Create(
                    CultureInfo.InvariantCulture, $"The audit log is not sealed since {age.TotalMinutes:0} minutes. Workers that run the worker backup seal it: see their log."))
                : HealthCheckResult.Healthy();
        }
        catch (NpgsqlException error)
        {
            // Another check reports that the registry is unavailable.
            return HealthCheckResult.Degraded("Unknown: the control-plane database does not answer.", error);
        }
    }
}
