using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Messaging;

/// <summary>Degraded while the broker accepts no messages. They wait in the outbox or in the worker that reports, so the process stays ready.</summary>
internal sealed class BrokerFlowHealth(BrokerFlow flow) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(flow.Blocked is { } blocked
            ? HealthCheckResult.Degraded(string.Create(
                CultureInfo.InvariantCulture,
                $"The broker has accepted no message for {blocked.TotalSeconds:0} s. It blocks publishers while it is short of memory or disk space; rabbitmqctl status shows its alarms. Messages wait, and nothing is lost."))
            : HealthCheckResult.Healthy());
}
