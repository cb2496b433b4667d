namespace Saga.Tests.Integration.Identity;

/// <summary>A clock that a test moves; timers run on the real one.</summary>
public sealed class MovableTime(DateTimeOffset? start = null) : TimeProvider
{
    private DateTimeOffset now = start ?? new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(TimeSpan by) => now += by;
}
