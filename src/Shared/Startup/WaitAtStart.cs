using System.Globalization;
using Microsoft.Extensions.Hosting;

namespace Saga.Shared.Startup;

/// <summary>
/// Waits in the host's starting phase for a server that does not answer yet, because after a power failure it may need longer to start
/// than this program. The starting phase ends before any other hosted service starts. Compiled into each project that waits for a server.
/// </summary>
internal abstract class WaitAtStart(TimeSpan limit, TimeProvider time) : IHostedLifecycleService
{
    private const string Key = "Saga:Startup:WaitSeconds";
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);

    /// <summary>The start of the error message: the configuration key, and the server that did not answer.</summary>
    protected abstract string Awaited { get; }

    /// <exception cref="TimeoutException">The server did not answer in time; the message is meant for the user.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var delay = TimeSpan.FromMilliseconds(500); ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            try
            {
                await TryAsync(cancellationToken);
                return;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && WhyAway(error) is not null)
            {
                var left = limit - time.GetElapsedTime(began);
                var reason = WhyAway(error)!;
                if (left <= TimeSpan.Zero)
                    throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{Awaited} did not answer within {limit.TotalSeconds} s ({Key}): {reason}"), error);
                LogWaiting((int)left.TotalSeconds, reason);
                await Task.Delay(delay < left ? delay : left, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Calls the server, and does the work that is due as soon as it answers.</summary>
    protected abstract Task TryAsync(CancellationToken cancellationToken);

    /// <returns>The reason if the error means that the server is unavailable; null if waiting would not help.</returns>
    protected abstract string? WhyAway(Exception error);

    protected abstract void LogWaiting(int seconds, string reason);
}
