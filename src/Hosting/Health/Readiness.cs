using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Saga.Hosting.Health;

/// <summary>
/// The process's readiness, at most a second old. The endpoint is anonymous, so any number of callers share one run of the checks.
/// Thread-safe.
/// </summary>
internal sealed class Readiness(HealthCheckService checks, TimeProvider time)
{
    public static TimeSpan Age { get; } = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task<HealthReport>? latest;
    private long beganAt;

    /// <param name="cancellationToken">Ends the wait of this caller only.</param>
    public Task<HealthReport> ReportAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (latest is null || (latest.IsCompleted && (!latest.IsCompletedSuccessfully || time.GetElapsedTime(beganAt) >= Age)))
            {
                beganAt = time.GetTimestamp();
                // Each check has its own time limit.
                latest = Task.Run(() => checks.CheckHealthAsync(CancellationToken.None), CancellationToken.None);
            }

            return latest.WaitAsync(cancellationToken);
        }
    }
}
