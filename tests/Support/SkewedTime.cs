namespace Saga.Tests.Support;

/// <summary>The system's clock, wrong by a constant. Timers run as they should.</summary>
public sealed class SkewedTime(TimeSpan ahead) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
}
