using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Backup.Retention;

/// <param name="TenantId">The tenant.</param>
/// <param name="Backups">The backups.</param>
/// <param name="EvenLast">Whether the newest complete one may be among them.</param>
/// <param name="Reason">Why somebody wants it; null for retention.</param>
public sealed record ValidExpiry(TenantId TenantId, IReadOnlyList<Guid> Backups, bool EvenLast, string? Reason)
{
    /// <summary>What there is of <see cref="Backups"/>, if somebody gave a reason.</summary>
    public IReadOnlyList<Registry.Backups.Backup> Found { get; init; } = [];

    /// <summary>The tenant's newest complete backup, if somebody gave a reason.</summary>
    public Guid? Newest { get; init; }
}
