using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Saga.Registry.Connections;

namespace Saga.Hosting.Health;

/// <summary>Checks that every PostgreSQL server allows as many connections as the running processes may open together.</summary>
internal sealed class ConnectionsHealth(ConnectionStore connections) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var tooMuch = (await connections.TotalsAsync(cancellationToken)).Where(t => t.IsTooMuch).Select(t => t.Describe()).ToList();
            return tooMuch.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join(' ', tooMuch));
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
        {
            return HealthCheckResult.Degraded("The control-plane database does not answer.", e);
        }
    }
}
