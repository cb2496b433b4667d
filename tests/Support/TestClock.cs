using Microsoft.Extensions.Time.Testing;

namespace Saga.Tests.Support;

/// <summary>
/// The tests' clock. It stands still until the test moves it, and timers fire when it passes their time. <see cref="Run"/> makes it
/// run by itself at <see cref="Speed"/>. Thread-safe.
/// </summary>
public sealed class TestClock(DateTimeOffset? start = null) : FakeTimeProvider(start ?? new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private int waiting;

    /// <summary>The number of waiting timers.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>How many seconds pass per real second while the clock runs.</summary>
    public int Speed { get; set; } = 1;

    /// <summary>Makes the clock run continuously at <see cref="Speed"/>.</summary>
    /// <returns>Stops the clock when disposed.</returns>
    public ITimer Run()
    {
        var last = System.GetTimestamp();
        var busy = 0;
        return System.CreateTimer(
            _ =>
            {
                // A timer's callback may take longer than a tick.
                if (Interlocked.Exchange(ref busy, 1) == 1)
                    return;
                var now = System.GetTimestamp();
                Advance(System.GetElapsedTime(last, now) * Speed);
                last = now;
                Volatile.Write(ref busy, 0);
            },
            null, Tick, Tick);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Counted(this, period);
        timer.Begin(base.CreateTimer(
            s =>
            {
                timer.Fired();
                callback(s);
            },
            state, dueTime, period), dueTime);
        return timer;
    }

    private sealed class Counted(TestClock clock, TimeSpan period) : ITimer
    {
        private readonly Lock gate = new();
        private ITimer timer = null!;
        private bool repeats = period > TimeSpan.Zero;
        private bool armed;

        public void Begin(ITimer created, TimeSpan dueTime)
        {
            timer = created;
            // A timer that is due at once has already fired.
            Arm(dueTime > TimeSpan.Zero || (dueTime == TimeSpan.Zero && repeats));
        }

        public void Fired() => Arm(repeats);

        public bool Change(TimeSpan dueTime, TimeSpan nextPeriod)
        {
            repeats = nextPeriod > TimeSpan.Zero;
            Arm(dueTime >= TimeSpan.Zero);
            return timer.Change(dueTime, nextPeriod);
        }

        public void Dispose()
        {
            Arm(false);
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Arm(false);
            return timer.DisposeAsync();
        }

        private void Arm(bool now)
        {
            lock (gate)
            {
                if (armed == now)
                    return;
                armed = now;
                Interlocked.Add(ref clock.waiting, now ? 1 : -1);
            }
        }
    }
}
