using System.Diagnostics;

namespace Saga.Tests.Simulation;

/// <summary>Runs everything that goes on after an answer of a server on one thread, while that thread waits for it.</summary>
internal sealed class Pump : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Code, object? State)> posted = new();

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (posted)
        {
            posted.Enqueue((d, state));
            Monitor.Pulse(posted);
        }
    }

    /// <returns>False when it was not so within the time.</returns>
    public bool RunUntil(Func<bool> done, TimeSpan limit)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!done())
        {
            (SendOrPostCallback Code, object? State) next;
            lock (posted)
            {
                while (!posted.TryDequeue(out next))
                {
                    var left = limit - Stopwatch.GetElapsedTime(begun);
                    if (left <= TimeSpan.Zero || !Monitor.Wait(posted, left))
                        return false;
                }
            }

            next.Code(next.State);
        }

        return true;
    }
}
