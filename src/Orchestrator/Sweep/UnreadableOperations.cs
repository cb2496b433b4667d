using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Registry.Transitions;

namespace Saga.Orchestrator.Sweep;

/// <summary>
/// Retries operations that some version could not read, at start and four times a minute. Operations that this version can read
/// continue at once. Any number may run.
/// </summary>
internal sealed partial class UnreadableOperations(UnreadableOperationStore store, TimeProvider time, ILogger<UnreadableOperations> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    private volatile IReadOnlyDictionary<Guid, string> left = new Dictionary<Guid, string>();

    /// <summary>The operations that this version cannot read, and the reasons.</summary>
    public IReadOnlyDictionary<Guid, string> Left => left;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                var found = await store.TryAgainAsync(stoppingToken);
                foreach (var (operation, reason) in found.Where(f => !left.ContainsKey(f.Key)))
                    LogUnreadable(operation, reason);
                left = found;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotLookedAt(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(EventId = 1211, Level = LogLevel.Error, Message = "Operation {Operation} cannot be read: {Reason} A newer version wrote it: upgrade this process.")]
    private partial void LogUnreadable(Guid operation, string reason);

    [LoggerMessage(EventId = 1212, Level = LogLevel.Warning, Message = "Unreadable operations could not be checked; trying again.")]
    private partial void LogNotLookedAt(Exception error);
}
