using Saga.Contracts.Commands;

namespace Saga.Contracts.Batches;

/// <summary>Prepares one order for many operations. What it is for is chosen once, now; running it orders exactly those.</summary>
public sealed record PrepareReplays
{
    /// <summary>Which operations. Or <see cref="Ids"/>.</summary>
    public ReplayFilter? Filter { get; init; }

    /// <summary>The operations' ids, at most 10,000. Or <see cref="Filter"/>.</summary>
    public IReadOnlyList<Guid>? Ids { get; init; }

    /// <summary>What is ordered; null to go on in the direction in which each operation stalled, and to give the command of one that has ended again.</summary>
    public ReplayOrder? Action { get; init; }

    /// <inheritdoc cref="BatchWave"/>
    public BatchWave? Wave { get; init; }

    /// <summary>How many items may begin in a minute: 1 to 6,000; null for as many as the wave has.</summary>
    public int? RatePerMinute { get; init; }

    /// <summary>The batch pauses by itself when more than this part of a wave failed: 0 to 1; 0.2 when null. 1 never pauses.</summary>
    public decimal? StopAtFailureRatio { get; init; }

    /// <summary>1 to 500 characters, for people.</summary>
    public required string Reason { get; init; }
}
