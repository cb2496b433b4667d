using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Restore;

/// <param name="TenantId">The tenant.</param>
/// <param name="BackupId">The backup that the command names.</param>
/// <param name="Backup">That backup; null when there is none.</param>
/// <param name="Mode">What the restore does.</param>
/// <param name="Servers">The database servers.</param>
public sealed record ValidRestore(TenantId TenantId, Guid BackupId, Registry.Backups.Backup? Backup, RestoreMode Mode, IReadOnlyList<PlacementServer> Servers)
{
    /// <summary>The tenant as it was when the command was checked, for previews; null when there is none.</summary>
    public Tenant? Found { get; init; }

    /// <summary>The tenant's newest complete backup, which tells how many rows it has; null when there is none, or nothing is replaced.</summary>
    public Registry.Backups.Backup? Newest { get; init; }

    /// <summary>When the backup key of a deprovisioned tenant was destroyed; null when it was not.</summary>
    public DateTimeOffset? KeyDestroyedAt { get; init; }

    /// <summary>For predictions: how many rows are copied and compared in a second.</summary>
    public int RowsPerSecond { get; init; } = RestoreOptions.DefaultRowsPerSecond;
}

public enum RestoreMode
{
    /// <summary>Into a database of its own, beside what the tenant uses.</summary>
    Beside,

    /// <summary>Instead of what the tenant uses.</summary>
    Replace,
}
