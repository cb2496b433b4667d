namespace Saga.Tests.Support;

/// <summary>
/// The system clock with a constant error. Timers run normally. It stands beside <see cref="TestClock"/> for tests of a whole engine on
/// real servers whose machine has a wrong clock: there time must pass by itself, as it does for the servers.
/// </summary>
public sealed class SkewedTime(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
}
