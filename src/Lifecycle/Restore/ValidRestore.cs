using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;

namespace Saga.Lifecycle.Restore;

/// <param name="TenantId">The tenant.</param>
/// <param name="BackupId">The backup that the command names.</param>
/// <param name="Found">That backup; null when there is none.</param>
/// <param name="Mode">What the restore does.</param>
/// <param name="Servers">The database servers.</param>
public sealed record ValidRestore(TenantId TenantId, Guid BackupId, Registry.Backups.Backup? Found, RestoreMode Mode, IReadOnlyList<PlacementServer> Servers);

public enum RestoreMode
{
    /// <summary>Into a database of its own, beside what the tenant uses.</summary>
    Beside,

    /// <summary>Instead of what the tenant uses.</summary>
    Replace,
}
