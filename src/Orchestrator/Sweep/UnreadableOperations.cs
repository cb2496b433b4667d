using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Sweep;

/// <summary>
/// Retries operations that some version could not read, at start and four times a minute. Operations that this version can read
/// continue at once. Any number may run.
/// </summary>
internal sealed partial class UnreadableOperations(IUnreadableOperationStore store, TimeProvider time, ILogger<UnreadableOperations> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    private const int MaxReasons = 20;
    private const int MaxNamed = 20;
    // Its own, so that the gauge ends with the process's host.
    private readonly Meter meter = new(OrchestratorTelemetry.SourceName);
    private volatile IReadOnlyDictionary<Guid, string> left = new Dictionary<Guid, string>();

    /// <summary>The operations that this version cannot read, and the reasons.</summary>
    public IReadOnlyDictionary<Guid, string> Left => left;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        meter.CreateObservableGauge(OrchestratorTelemetry.UnreadableName, ByReason, "{operation}", "Operations that this version cannot read.");
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                var found = await store.TryAgainAsync(stoppingToken);
                var added = found.Where(f => !left.ContainsKey(f.Key)).ToList();
                foreach (var (operation, reason) in added.Take(MaxNamed))
                    LogUnreadable(operation, reason);
                if (added.Count > MaxNamed)
                    LogMoreUnreadable(added.Count - MaxNamed);
                left = found;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotLookedAt(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // A reason names a state, a status or a workflow, so there are few. The bound protects those who store the metric.
    private IEnumerable<Measurement<long>> ByReason() => left.Values
        .GroupBy(reason => reason, StringComparer.Ordinal)
        .OrderByDescending(g => g.Count())
        .Select((g, index) => (Reason: index < MaxReasons ? g.Key : "other", Count: g.LongCount()))
        .GroupBy(r => r.Reason, StringComparer.Ordinal)
        .Select(g => new Measurement<long>(g.Sum(r => r.Count), new KeyValuePair<string, object?>("saga.reason", g.Key)));

    [LoggerMessage(EventId = 1211, Level = LogLevel.Error, Message = "Operation {Operation} cannot be read: {Reason} A newer version wrote it: upgrade this process.")]
    private partial void LogUnreadable(Guid operation, string reason);

    [LoggerMessage(EventId = 2641, Level = LogLevel.Error, Message = "{Count} more operations cannot be read. A newer version wrote them: upgrade this process.")]
    private partial void LogMoreUnreadable(int count);

    [LoggerMessage(EventId = 1212, Level = LogLevel.Warning, Message = "Unreadable operations could not be checked; trying again.")]
    private partial void LogNotLookedAt(Exception error);
}
