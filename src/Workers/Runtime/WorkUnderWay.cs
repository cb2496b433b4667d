using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Runtime;

/// <summary>
/// The steps that this process works on. Their deliveries are acknowledged, so nothing else waits for them when the host stops: before
/// the bus stops, so that they can still report, they get some time to end, and are then cut short.
/// </summary>
internal sealed partial class WorkUnderWay(IOptions<WorkersOptions> options, TimeProvider time, ILogger<WorkUnderWay> log) : IHostedLifecycleService, IDisposable
{
    // For the reports of what was cut short.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Closing = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Task, bool> running = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource cut = new();
    private readonly CancellationTokenSource silenced = new();
    private readonly CancellationTokenSource closed = new();

    /// <summary>Cancelled when the host begins to stop: nothing new is begun.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Cancelled when what still runs is to end.</summary>
    public CancellationToken Cut => cut.Token;

    /// <summary>Cancelled when reports that could not be sent are given up.</summary>
    public CancellationToken Silenced => silenced.Token;

    /// <summary>
    /// Cancelled a moment later, when the bus takes no deliveries any more: those that were not begun go back to the broker now. Sooner,
    /// they would come here again.
    /// </summary>
    public CancellationToken Closed => closed.Token;

    /// <summary>Begins the work, which handles its own errors, and is waited for at the stop.</summary>
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
        // Again and again: a delivery that was past the check of the stop may have begun another.
        while (running.Keys is { Count: > 0 } left)
        {
            var remaining = limit - time.GetElapsedTime(since);
            if (remaining <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
                return false;
            await Task.WhenAny(Task.WhenAll(left), Task.Delay(remaining, time, cancellationToken));
        }

        return true;
    }

    [LoggerMessage(EventId = 2111, Level = LogLevel.Warning, Message = "{Count} steps still run at the end of the stop's time; they are cut short and given back.")]
    private partial void LogCut(int count);
}
