namespace Saga.Tests.Simulation;

/// <summary>A clock that only the scheduler moves. It has no timers, because nothing that is simulated waits for one.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now { get; set; } = Start;

    public override DateTimeOffset GetUtcNow() => Now;
}
