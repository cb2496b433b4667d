namespace Saga.Tests.Support;

/// <summary>The system clock with a constant error. Timers run normally.</summary>
public sealed class SkewedTime(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
}
