using Saga.Api.Scheduled;
using Saga.Registry.Deprovisionings;

namespace Saga.Api.Tenants;

/// <summary>A deprovisioning of the tenant.</summary>
public sealed record DeletionView
{
    /// <summary>When everything of the tenant is removed.</summary>
    public required DateTimeOffset DeleteAt { get; init; }

    public required string RequestedBy { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>Whether a final backup is made first.</summary>
    public required bool Backup { get; init; }

    /// <summary>Whether the removal waits for its time or runs. Otherwise somebody has cancelled it, and the tenant is only closed.</summary>
    public required bool Pending { get; init; }

    /// <summary>Since when the removal cannot be taken back; absent as long as it can.</summary>
    public DateTimeOffset? FinalAt { get; init; }

    /// <summary>The address of the scheduled removal.</summary>
    public required string Scheduled { get; init; }

    public static DeletionView Of(PendingDeletion deletion) => new()
    {
        DeleteAt = deletion.DeleteAt,
        RequestedBy = deletion.RequestedBy,
        RequestedAt = deletion.RequestedAt,
        Backup = deletion.Backup,
        Pending = deletion.Pending,
        FinalAt = deletion.FinalAt,
        Scheduled = ScheduledEndpoints.Address(deletion.ScheduledId),
    };
}
