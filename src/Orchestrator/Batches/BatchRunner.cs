using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Registry.Batches;

namespace Saga.Orchestrator.Batches;

/// <summary>
/// Runs batches every second. Any number may run. Everything that counts is in the registry, so a batch goes on wherever its runner died, and each
/// item is ordered once.
/// </summary>
internal sealed partial class BatchRunner(IBatchRuns runs, BatchDriver driver, TimeProvider time, ILogger<BatchRunner> log) : BackgroundService
{
    private const int Batches = 10;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClaimLasts = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                while (await RunAsync(stoppingToken))
                {
                }
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotRead(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <returns>Whether a batch can go on at once.</returns>
    private async Task<bool> RunAsync(CancellationToken stopping)
    {
        var more = false;
        foreach (var claim in await runs.TakeAsync(Batches, ClaimLasts, stopping))
        {
            try
            {
                more |= await driver.RunAsync(claim, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // Another process goes on at once.
                await runs.ReleaseAsync(claim, CancellationToken.None);
                throw;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // It goes on when the claim ends.
                LogFailed(error, claim.Batch.Id);
            }
        }

        return more;
    }

    [LoggerMessage(EventId = 3060, Level = LogLevel.Warning, Message = "Batches could not be read; trying again.")]
    private partial void LogNotRead(Exception error);

    [LoggerMessage(EventId = 3061, Level = LogLevel.Warning, Message = "Batch {Batch} could not go on; trying again.")]
    private partial void LogFailed(Exception error, Guid batch);
}
