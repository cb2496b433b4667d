using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Runtime;

/// <summary>
/// The steps that this process runs. Their deliveries are acknowledged, so nothing else waits for them when the host stops. They get
/// some time to finish before the bus stops, so that they can still report, and are then cancelled.
/// </summary>
internal sealed partial class WorkUnderWay(IOptions<WorkersOptions> options, TimeProvider time, ILogger<WorkUnderWay> log) : IHostedLifecycleService, IDisposable
{
    // For the reports of cancelled steps.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Closing = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Task, bool> running = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource cut = new();
    private readonly CancellationTokenSource silenced = new();
    private readonly CancellationTokenSource closed = new();

    /// <summary>Cancelled when the host begins to stop, so that nothing new starts.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Cancelled when running steps must end.</summary>
    public CancellationToken Cut => cut.Token;

    /// <summary>Cancelled when unsent reports are given up.</summary>
    public CancellationToken Silenced => silenced.Token;

    /// <summary>
    /// Cancelled a moment later, when the bus has stopped consuming. Deliveries that have not started go back to the broker only then,
    /// because before that they would be delivered to this process again.
    /// </summary>
    public CancellationToken Closed => closed.Token;

    /// <summary>Starts the work. It must handle its own errors, and the host waits for it when it stops.</summary>
    public void Begin(Func<Task> work)
    {
        var task = Task.Run(work, CancellationToken.None);
        running[task] = true;
        _ = task.ContinueWith(ended => running.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        if (!await EndedAsync(TimeSpan.FromSeconds(options.Value.StopSeconds), cancellationToken))
        {
            LogCut(running.Count);
            await cut.CancelAsync();
            await EndedAsync(LastWords, cancellationToken);
        }

        await silenced.CancelAsync();
        closed.CancelAfter(Closing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        stopping.Dispose();
        cut.Dispose();
        silenced.Dispose();
        closed.Dispose();
    }

    private async Task<bool> EndedAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        // In a loop, because a delivery that had already passed the check may have started more work.
        while (running.Keys is { Count: > 0 } left)
        {
            var remaining = limit - time.GetElapsedTime(since);
            if (remaining <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
                return false;
            await Task.WhenAny(Task.WhenAll(left), Task.Delay(remaining, time, cancellationToken));
        }

        return true;
    }

    [LoggerMessage(EventId = 2111, Level = LogLevel.Warning, Message = "{Count} steps are still running at the end of the stop timeout; they are cancelled and given back.")]
    private partial void LogCut(int count);
}
