using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Tenancy.Cache;

namespace Saga.Workers.Cache;

/// <summary>Runs the update at start and periodically, because workers of an earlier version may still create users.</summary>
internal sealed partial class RedisUserUpdateService(RedisUserUpdate update, TimeProvider time, ILogger<RedisUserUpdateService> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var reason = "";
        while (true)
        {
            var pause = Look;
            try
            {
                var changed = await update.RunAsync(stoppingToken);
                if (changed > 0)
                    LogChanged(changed);
                reason = "";
            }
            catch (CacheException error)
            {
                // Once per change: an outage of Redis would repeat the line.
                if (reason != error.Code)
                    LogFailed(error.Message);
                reason = error.Code;
                pause = AfterFailure;
            }

            await Task.Delay(pause, time, stoppingToken);
        }
    }

    [LoggerMessage(EventId = 2420, Level = LogLevel.Information, Message = "Brought the rights of {Count} tenants' Redis users up to date, and closed their connections.")]
    private partial void LogChanged(int count);

    [LoggerMessage(EventId = 2421, Level = LogLevel.Warning, Message = "Tenants' Redis users could not be checked for rights of earlier versions; trying again: {Reason}")]
    private partial void LogFailed(string reason);
}
