using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Commands;

/// <summary>
/// Removes all backups of a tenant that was deprovisioned, and destroys its backup key. The removal schedules it; it is refused whenever it
/// comes in another way.
/// </summary>
public sealed record DestroyBackups
{
    public required TenantId TenantId { get; init; }

    /// <summary>The operation that removed the tenant. Without effect if the tenant was restored, or removed again since.</summary>
    public required Guid Removal { get; init; }

    /// <summary>Not used: the schedule has a key of its own.</summary>
    public string? IdempotencyKey { get; init; }
}
