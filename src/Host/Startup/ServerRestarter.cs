using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Host.Processes;

namespace Saga.Host.Startup;

/// <summary>Starts private servers again when they end, with growing pauses, until they answer. Says so once for each outage.</summary>
internal sealed partial class ServerRestarter(IReadOnlyCollection<IPrivateServer> servers, TimeProvider time, ILogger<ServerRestarter> log) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    // A server that ran this long is not one that always ends at once.
    private static readonly TimeSpan RanWell = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(servers.Select(s => KeepAsync(s, stoppingToken)));

    private async Task KeepAsync(IPrivateServer server, CancellationToken stop)
    {
        var pause = FirstPause;
        while (true)
        {
            var since = time.GetTimestamp();
            await server.EndsAsync(stop);
            if (time.GetElapsedTime(since) > RanWell)
                pause = FirstPause;
            LogEnded(server.Name, server.LogFile);
            since = time.GetTimestamp();
            do
            {
                await Task.Delay(pause, time, stop);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            while (!await StartsAsync(server, stop));
            LogRuns(server.Name, (long)time.GetElapsedTime(since).TotalSeconds);
        }
    }

    private async Task<bool> StartsAsync(IPrivateServer server, CancellationToken stop)
    {
        try
        {
            await server.StartAgainAsync(stop);
            return true;
        }
        catch (Exception error) when (error is not ObjectDisposedException and not OperationCanceledException)
        {
            LogNotStarted(error, server.Name, error.Message);
            return false;
        }
    }

    [LoggerMessage(EventId = 2403, Level = LogLevel.Error, Message = "{Server} has ended and is being started again; its log is {File}.")]
    private partial void LogEnded(string server, string file);

    [LoggerMessage(EventId = 2404, Level = LogLevel.Warning, Message = "{Server} runs again after {Seconds} s.")]
    private partial void LogRuns(string server, long seconds);

    [LoggerMessage(EventId = 2405, Level = LogLevel.Information, Message = "{Server} was not started: {Reason}")]
    private partial void LogNotStarted(Exception error, string server, string reason);
}
