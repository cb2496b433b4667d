namespace Saga.Registry.Deprovisionings;

/// <summary>A deprovisioning of a tenant that is not gone yet.</summary>
/// <param name="OperationId">The operation that closes the tenant.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="RequestedAt">When it was accepted.</param>
/// <param name="DeleteAt">When everything is removed, or was to be removed.</param>
/// <param name="GraceDays">The grace period that it was given.</param>
/// <param name="Backup">Whether a final backup is made first.</param>
/// <param name="ScheduledId">The scheduled command that removes everything.</param>
/// <param name="Pending">Whether the removal waits for its time or runs. Otherwise somebody has cancelled it, and the tenant is only closed.</param>
/// <param name="FinalAt">Since when the removal cannot be cancelled; null as long as it can.</param>
public sealed record PendingDeletion(
    Guid OperationId, string RequestedBy, DateTimeOffset RequestedAt, DateTimeOffset DeleteAt, int GraceDays, bool Backup, Guid ScheduledId, bool Pending,
    DateTimeOffset? FinalAt);
