using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Saga.Workers.Sealing;

/// <summary>Runs the back-fill at start and periodically, because workers that do not have a new runtime key yet may still create tenants' keys.</summary>
internal sealed partial class RuntimeKeyBackfillService(RuntimeKeyBackfill backfill, TimeProvider time, ILogger<RuntimeKeyBackfillService> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var pause = Look;
            try
            {
                var added = await backfill.RunAsync(stoppingToken);
                if (added > 0)
                    LogAdded(added);
                await backfill.CompareAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // Steps wrap the keys that they need themselves, so nothing waits for this.
                LogFailed(error, error.Message);
                pause = AfterFailure;
            }

            await Task.Delay(pause, time, stoppingToken);
        }
    }

    [LoggerMessage(EventId = 2410, Level = LogLevel.Information, Message = "Wrapped {Count} tenants' keys under runtime keys.")]
    private partial void LogAdded(int count);

    [LoggerMessage(EventId = 2411, Level = LogLevel.Warning, Message = "Tenants' keys could not be wrapped under the runtime keys; trying again: {Reason}")]
    private partial void LogFailed(Exception error, string reason);
}
