using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Rotate;

/// <summary>A valid command.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Database">Whether the login of its database is rotated.</param>
/// <param name="Cache">Whether its user of the cache is rotated.</param>
/// <param name="TenantKey">Whether the key that seals its secrets is rotated.</param>
/// <param name="BackupKey">Whether the key is rotated that wraps the keys of its backups.</param>
public sealed record ValidRotation(TenantId TenantId, bool Database, bool Cache, bool TenantKey, bool BackupKey);
