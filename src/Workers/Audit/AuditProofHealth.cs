using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Workers.Audit;

/// <summary>Degraded while the audit log is chained, but the chain proves little: without a key, or without copies of its heads.</summary>
internal sealed class AuditProofHealth(AuditKeys keys, AuditSealer sealer) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult((keys.CanSign, sealer.CopyFailure) switch
    {
        (false, _) => HealthCheckResult.Degraded(
            $"The audit log is not signed, and not pruned: set {AuditOptions.Section}:SigningKey to an ECDSA key on P-256, such as 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256' prints."),
        (_, { } failure) => HealthCheckResult.Degraded($"The heads of the audit log cannot be copied to the object store: {failure}"),
        _ => HealthCheckResult.Healthy(),
    });
}
