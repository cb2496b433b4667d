using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Workers.Backup.Tools;

/// <summary>Degraded while this machine's pg_dump is too old for a server. Everything but backups of that server goes on.</summary>
internal sealed class BackupToolsHealth(BackupToolsWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Refusals is { Count: > 0 } refusals ? HealthCheckResult.Degraded(string.Join(' ', refusals)) : HealthCheckResult.Healthy());
}
