namespace Saga.Registry.Backups;

/// <summary>One version of a tenant's backup key, as it is stored.</summary>
// A class with setters, because a record's constructor would have to match the driver's array type.
public sealed class BackupKeyRow
{
    public Guid TenantId { get; init; }

    /// <summary>From 1; the newest one wraps.</summary>
    public int Version { get; init; }

    /// <summary>The id of the master key that wrapped it.</summary>
    public string MasterKeyId { get; init; } = "";

    public byte[] Wrapped { get; init; } = [];

    /// <summary>The rotation that made it; null for a tenant's first key.</summary>
    public Guid? OperationId { get; init; }

    public DateTime CreatedAt { get; init; }
}
