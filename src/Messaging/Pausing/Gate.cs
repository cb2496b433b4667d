using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Saga.Messaging.Pausing;

/// <summary>
/// Closed while the prerequisite is unavailable. The first message that meets the outage closes the gate. One loop polls the
/// prerequisite and opens the gate when it answers. If the gate stays closed, delivered messages go back to the broker and the
/// endpoints stop. Thread-safe.
/// </summary>
internal sealed partial class Gate(Prerequisite prerequisite, EndpointPauses pauses, IOptions<BusOptions> options, TimeProvider time, ILogger<Gate> log) : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(5);
    // A restart of the registry is usually over by then, so messages kept here need not be delivered twice.
    private readonly TimeSpan keptAtMost = TimeSpan.FromSeconds(options.Value.PauseAfterSeconds);
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private TaskCompletionSource opened = Opened();
    private Task asking = Task.CompletedTask;

    public bool IsOpen => opened.Task.IsCompletedSuccessfully;

    /// <summary>Completes at once while the gate is open.</summary>
    /// <exception cref="OperationCanceledException">The endpoint stops, so the message must go back to the broker.</exception>
    public Task OpenedAsync(CancellationToken cancellationToken) => opened.Task.WaitAsync(cancellationToken);

    public void Close(Exception because)
    {
        lock (gate)
        {
            if (!opened.Task.IsCompleted || stopping.IsCancellationRequested)
                return;
            LogClosed(because, prerequisite.Name, because.Message);
            opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using (ExecutionContext.SuppressFlow())
                asking = Task.Run(AskAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        Task last;
        lock (gate)
            last = asking;
        await last;
        stopping.Dispose();
    }

    private async Task AskAsync()
    {
        var closed = time.GetTimestamp();
        var paused = false;
        try
        {
            for (var delay = FirstDelay; !await prerequisite.AnswersAsync(stopping.Token); delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
            {
                await Task.Delay(delay, time, stopping.Token);
                if (!paused && time.GetElapsedTime(closed) > keptAtMost)
                {
                    paused = true;
                    await pauses.StopAsync(GiveBack, stopping.Token);
                }
            }

            if (paused)
                await pauses.StartAsync(stopping.Token);
            LogOpened(prerequisite.Name, (long)time.GetElapsedTime(closed).TotalSeconds);
            lock (gate)
                opened.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            GiveBack();
        }
        catch (Exception error)
        {
            // An endpoint failed to stop or start. The next failed message closes the gate again.
            LogNotPaused(error);
            lock (gate)
                opened.TrySetResult();
        }
    }

    // Waiting messages go back to the broker; the gate stays closed.
    private void GiveBack()
    {
        TaskCompletionSource before;
        lock (gate)
        {
            before = opened;
            opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        before.TrySetCanceled();
    }

    private static TaskCompletionSource Opened()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }

    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "The {Prerequisite} is unavailable, so nothing is consumed until it answers: {Reason}")]
    private partial void LogClosed(Exception error, string prerequisite, string reason);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Warning, Message = "The {Prerequisite} answers again after {Seconds} s; messages are consumed again.")]
    private partial void LogOpened(string prerequisite, long seconds);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Error, Message = "An endpoint could not be paused or started again.")]
    private partial void LogNotPaused(Exception error);
}
