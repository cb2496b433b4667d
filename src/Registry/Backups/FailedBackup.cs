using Saga.Contracts.Steps;

namespace Saga.Registry.Backups;

/// <param name="Id">The backup.</param>
/// <param name="Failure">Why its operation failed; null when it was cancelled, or when that is not known.</param>
/// <param name="Cancelled">By whom it was cancelled and why; null when it was not.</param>
/// <param name="At">When it was recorded.</param>
public sealed record FailedBackup(Guid Id, Failure? Failure, string? Cancelled, DateTimeOffset At)
{
    /// <summary>The step that failed; null when none did, or when one failed while it was undone.</summary>
    public string? FailedStep { get; init; }
}
