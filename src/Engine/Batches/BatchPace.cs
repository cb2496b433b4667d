namespace Saga.Engine.Batches;

/// <summary>How a batch goes on.</summary>
/// <param name="First">The size of the first wave; at least 1.</param>
/// <param name="Factor">By how much each wave is larger than the one before it; at least 1.</param>
/// <param name="Max">The size that no wave exceeds.</param>
/// <param name="PerMinute">How many items may begin in a minute; null for no limit.</param>
/// <param name="StopAtFailureRatio">The batch pauses when more than this part of a wave failed.</param>
public sealed record BatchPace(int First, int Factor, int Max, int? PerMinute, decimal StopAtFailureRatio)
{
    /// <summary>The time between the beginnings of two items.</summary>
    public TimeSpan Interval => PerMinute is { } rate ? TimeSpan.FromMinutes(1) / rate : TimeSpan.Zero;
}
