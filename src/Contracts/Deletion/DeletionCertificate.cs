using Saga.Contracts.Identifiers;

namespace Saga.Contracts.Deletion;

/// <summary>States what was removed of a tenant, when and by whom, and that its absence was seen. It is stored as it was written and never changes.</summary>
public sealed record DeletionCertificate
{
    /// <summary>The version of this document's form.</summary>
    public int Version { get; init; } = 1;

    public required TenantId TenantId { get; init; }

    public required Slug Slug { get; init; }

    public required string Name { get; init; }

    public required string Plan { get; init; }

    public required IsolationTier Isolation { get; init; }

    /// <summary>When the tenant was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who deprovisioned it.</summary>
    public required string RequestedBy { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>The grace period that it was given.</summary>
    public required int GraceDays { get; init; }

    /// <summary>The operation of the deprovisioning.</summary>
    public required Guid RequestOperationId { get; init; }

    /// <summary>When the removal could no longer be cancelled.</summary>
    public required DateTimeOffset BegunAt { get; init; }

    /// <summary>When the last of it was gone.</summary>
    public required DateTimeOffset DeletedAt { get; init; }

    /// <summary>The operation of the removal.</summary>
    public required Guid OperationId { get; init; }

    /// <summary>What was removed, in the systems outside.</summary>
    public required IReadOnlyList<RemovedResource> Removed { get; init; }

    /// <summary>What was removed from the registry, by kind.</summary>
    public required IReadOnlyDictionary<string, long> Registry { get; init; }

    /// <summary>
    /// The tenant's sealing key. Everything that was sealed under it can no longer be read, wherever a copy of it may be, once the last backup of
    /// the registry has expired that still has the key.
    /// </summary>
    public required DestroyedKey SealingKey { get; init; }

    /// <summary>The final backup; absent if none was asked for.</summary>
    public FinalBackup? FinalBackup { get; init; }

    /// <summary>What was kept on purpose.</summary>
    public required KeptBackups Kept { get; init; }

    /// <summary>The names that nobody else can have for a while.</summary>
    public required ReservedNamesOfTenant Reserved { get; init; }
}

/// <summary>A key that was destroyed.</summary>
/// <param name="Existed">False for a tenant for which nothing was ever sealed.</param>
/// <param name="MasterKeyId">The id of the master key that wrapped it; absent if there was none.</param>
/// <param name="DestroyedAt">When.</param>
public sealed record DestroyedKey(bool Existed, string? MasterKeyId, DateTimeOffset DestroyedAt)
{
    /// <summary>When the last backup of the registry expires that still has it, wrapped by the master key; absent if there was none.</summary>
    public DateTimeOffset? RegistryBackupsExpireAt { get; init; }
}

/// <summary>A backup that was made before anything was removed, and read back.</summary>
/// <param name="BackupId">Its id.</param>
/// <param name="CompletedAt">When it was complete.</param>
/// <param name="Bytes">The size of its parts.</param>
/// <param name="ManifestSha256">The SHA-256 of its manifest, in hexadecimal, which has those of all parts.</param>
public sealed record FinalBackup(Guid BackupId, DateTimeOffset CompletedAt, long Bytes, string ManifestSha256);

/// <summary>Backups of the tenant that remain, and the keys that open them. They are encrypted, and not with the sealing key.</summary>
/// <param name="Backups">How many backups.</param>
/// <param name="BackupKeys">How many versions of the tenant's backup key.</param>
public sealed record KeptBackups(long Backups, long BackupKeys)
{
    /// <summary>When the last of them is removed; absent if there is no key, and so no backup.</summary>
    public DateTimeOffset? ExpireAt { get; init; }

    /// <summary>When the last backup of the registry expires that has the keys; absent if there is no key.</summary>
    public DateTimeOffset? RegistryBackupsExpireAt { get; init; }

    /// <summary>When the keys are destroyed: the later one of both. Nobody can read what is left of a backup then, wherever a copy of it may be.</summary>
    public DateTimeOffset? KeysDestroyedAt { get; init; }
}

/// <summary>Names that stay reserved after a tenant is gone.</summary>
/// <param name="Slug">The slug.</param>
/// <param name="Subdomain">The subdomain.</param>
/// <param name="Domains">The tenant's own domains, as far as its control of them was proved.</param>
/// <param name="Until">Until when.</param>
public sealed record ReservedNamesOfTenant(Slug Slug, string Subdomain, IReadOnlyList<string> Domains, DateTimeOffset Until);
