namespace Saga.Contracts.Batches;

/// <summary>How the waves of a batch grow. A wave begins when the one before it has ended.</summary>
public sealed record BatchWave
{
    /// <summary>How many items the first wave has: 1 to 10,000; 1 when null.</summary>
    public int? First { get; init; }

    /// <summary>By how much each wave is larger than the one before it: 1 to 100; 5 when null.</summary>
    public int? Factor { get; init; }

    /// <summary>The most items of a wave: 1 to 10,000, and not less than <see cref="First"/>; 10,000 when null.</summary>
    public int? Max { get; init; }
}
