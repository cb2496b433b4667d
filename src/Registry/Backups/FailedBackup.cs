using Saga.Contracts.Steps;

namespace Saga.Registry.Backups;

/// <param name="Id">The backup.</param>
/// <param name="Failure">Why its operation failed; null when it was cancelled, or when that is not known.</param>
/// <param name="Cancelled">By whom it was cancelled and why; null when it was not.</param>
/// <param name="At">When it was recorded.</param>
public sealed record FailedBackup(Guid Id, Failure? Failure, string? Cancelled, DateTimeOffset At)
{
    /// <summary>Whether a step after the backup's own ones failed, such as the migration that the backup was made for.</summary>
    public bool IsOfOtherStep { get; init; }
}
