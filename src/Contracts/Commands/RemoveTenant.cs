using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Removes everything of a tenant whose grace period is over. A deprovisioning schedules it; it is refused whenever it comes in another way.
/// </summary>
public sealed record RemoveTenant
{
    public required TenantId TenantId { get; init; }

    /// <summary>The operation of the deprovisioning that scheduled it. It has no effect after that one was cancelled.</summary>
    public required Guid Deprovisioning { get; init; }

    /// <summary>Whether a final backup is made first.</summary>
    public required bool Backup { get; init; }

    /// <summary>Not used: the schedule has a key of its own.</summary>
    public string? IdempotencyKey { get; init; }
}
