using Saga.Contracts.Steps;

namespace Saga.Workers.Runtime;

/// <summary>
/// The end of an attempt's time. It is shortly before the orchestrator gives up on the attempt, so that the worker, which knows what
/// the attempt was waiting for, reports first.
/// </summary>
internal sealed class AttemptEnd : IDisposable
{
    private static readonly TimeSpan LongestLead = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource stop;
    private readonly ITimer timer;
    private readonly TimeSpan? stallAfter;
    private readonly ExternalCalls calls = ExternalCalls.Observe();
    private IReadOnlyList<string>? waitedFor;

    /// <param name="left">The attempt's remaining time.</param>
    /// <param name="stop">Cancelled when the time is over.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stallAfter">The attempt ends this long after its last progress; null when it has a fixed end.</param>
    public AttemptEnd(TimeSpan left, CancellationTokenSource stop, TimeProvider time, TimeSpan? stallAfter = null)
    {
        this.stop = stop;
        this.stallAfter = stallAfter;
        timer = time.CreateTimer(_ => Over(), null, Due(left), Timeout.InfiniteTimeSpan);
    }

    /// <summary>The attempt made progress, which moves its end unless that is fixed.</summary>
    public void Progressed()
    {
        if (stallAfter is { } left)
            timer.Change(Due(left), Timeout.InfiniteTimeSpan);
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
            // If no calls were recorded and the step needs only one system, it was waiting for that one.
            throw new AttemptTimeoutException(command.Step, command.Attempt, waiting.Count == 0 && systems.Count == 1 ? systems : waiting, error, stallAfter);
        }
    }

    public void Dispose() => timer.Dispose();

    // If a dispatch arrives after its time is over, the orchestrator handles it.
    private static TimeSpan Due(TimeSpan left)
    {
        var lead = left / 10;
        return left <= TimeSpan.Zero ? Timeout.InfiniteTimeSpan : left - (lead < LongestLead ? lead : LongestLead);
    }

    // Record the pending calls before the cancellation ends them.
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
