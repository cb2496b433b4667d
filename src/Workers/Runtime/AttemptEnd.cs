using Saga.Contracts.Steps;

namespace Saga.Workers.Runtime;

/// <summary>
/// The end of an attempt's time. It comes a little before the orchestrator gives the attempt up, so that the worker, who knows what the
/// attempt was waiting for, says so first.
/// </summary>
internal sealed class AttemptEnd : IDisposable
{
    private static readonly TimeSpan LongestLead = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stop;
    private readonly ITimer timer;
    private readonly ExternalCalls calls = ExternalCalls.Observe();
    private IReadOnlyList<string>? waitedFor;

    /// <param name="left">The time that the attempt still has.</param>
    /// <param name="stop">Cancelled when it is over.</param>
    /// <param name="time">The clock.</param>
    public AttemptEnd(TimeSpan left, CancellationTokenSource stop, TimeProvider time)
    {
        this.stop = stop;
        var lead = left / 10;
        // A dispatch that arrives after its time is over is the orchestrator's to give up.
        var due = left <= TimeSpan.Zero ? Timeout.InfiniteTimeSpan : left - (lead < LongestLead ? lead : LongestLead);
        timer = time.CreateTimer(_ => Over(), null, due, Timeout.InfiniteTimeSpan);
    }

    /// <exception cref="AttemptTimeoutException">The time was over before the work was done.</exception>
    public async Task<object?> RunAsync(StepCommand command, IReadOnlyList<string> systems, Func<Task<object?>> work)
    {
        try
        {
            return await work();
        }
        catch (OperationCanceledException error) when (Volatile.Read(ref waitedFor) is not null)
        {
            var waiting = waitedFor!;
            // Without a note of a call, a step that needs one system only was waiting for that one.
            throw new AttemptTimeoutException(command.Step, command.Attempt, waiting.Count == 0 && systems.Count == 1 ? systems : waiting, error);
        }
    }

    public void Dispose() => timer.Dispose();

    // The calls are noted before the cancellation ends them.
    private void Over()
    {
        Volatile.Write(ref waitedFor, calls.Waiting);
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work ended at the same moment.
        }
    }
}
