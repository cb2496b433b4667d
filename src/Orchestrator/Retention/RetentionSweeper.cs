using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Registry.Retention;

namespace Saga.Orchestrator.Retention;

/// <summary>Prunes old data from the registry in small transactions. Any number may run.</summary>
internal sealed partial class RetentionSweeper(RetentionStore store, IOptions<RetentionOptions> options, TimeProvider time, ILogger<RetentionSweeper> log)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.IntervalSeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await PruneAsync(store.PruneOperationsAsync, options.Value.OperationDays, stoppingToken);
                await PruneAsync(store.PruneScheduledAsync, options.Value.OperationDays, stoppingToken);
                await PruneAsync(store.PruneBatchesAsync, options.Value.OperationDays, stoppingToken);
                await PruneAsync(store.PruneIdempotencyKeysAsync, options.Value.IdempotencyKeyDays, stoppingToken);
                if (await PruneAsync(store.PruneOutboxAsync, options.Value.OutboxDays, stoppingToken) is > 0 and var dropped)
                    LogDropped(dropped, options.Value.OutboxDays);
                await PruneAsync(store.PruneReturnedDeadLettersAsync, options.Value.ReturnedDeadLetterDays, stoppingToken);
                if (await PruneAsync(store.PruneDeadLettersAsync, options.Value.DeadLetterDays, stoppingToken) is > 0 and var unseen)
                    LogDeadLettersDropped(unseen, options.Value.DeadLetterDays);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
    }

    private async Task<int> PruneAsync(Func<TimeSpan, int, CancellationToken, Task<int>> prune, int days, CancellationToken cancellationToken)
    {
        for (var all = 0; ;)
        {
            var pruned = await prune(TimeSpan.FromDays(days), options.Value.BatchSize, cancellationToken);
            all += pruned;
            if (pruned < options.Value.BatchSize)
                return all;
        }
    }

    [LoggerMessage(EventId = 1401, Level = LogLevel.Warning, Message = "{Count} messages that could not be sent for {Days} days were dropped from the outbox.")]
    private partial void LogDropped(int count, int days);

    [LoggerMessage(EventId = 1930, Level = LogLevel.Warning, Message = "{Count} dead letters that nobody returned for {Days} days were deleted.")]
    private partial void LogDeadLettersDropped(int count, int days);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Warning, Message = "The registry could not be pruned; trying again at the next interval.")]
    private partial void LogFailed(Exception error);
}
