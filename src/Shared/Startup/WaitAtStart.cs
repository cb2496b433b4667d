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
    private bool answered;

    /// <summary>The start of the error message: the configuration key, and the server that did not answer.</summary>
    protected abstract string Awaited { get; }

    /// <exception cref="TimeoutException">The server did not answer in time; the message is meant for the user.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var away = TimeSpan.Zero;
        for (var delay = TimeSpan.FromMilliseconds(500); ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            answered = false;
            var began = time.GetTimestamp();
            try
            {
                await TryAsync(cancellationToken);
                return;
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && WhyAway(error) is not null)
            {
                if (!answered)
                    away += time.GetElapsedTime(began);
                var left = limit - away;
                var reason = WhyAway(error)!;
                if (left <= TimeSpan.Zero)
                    throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{Awaited} did not answer within {limit.TotalSeconds} s ({Key}): {reason}"), error);
                LogWaiting((int)left.TotalSeconds, reason);
                var pause = delay < left ? delay : left;
                await Task.Delay(pause, time, cancellationToken);
                away += pause;
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The server has answered, so the time that this attempt takes does not count as waiting, even if it fails later.</summary>
    protected void Answered() => answered = true;

    /// <summary>Calls the server, and does the work that is due as soon as it answers.</summary>
    protected abstract Task TryAsync(CancellationToken cancellationToken);

    /// <returns>The reason if the error means that the server is unavailable; null if waiting would not help.</returns>
    protected abstract string? WhyAway(Exception error);

    protected abstract void LogWaiting(int seconds, string reason);
}
