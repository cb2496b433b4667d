namespace Saga.Registry.Backups;

/// <summary>The key of one backup, as it is stored.</summary>
// A class with setters, because a record's constructor would have to match the driver's array type.
public sealed class DataKeyRow
{
    public Guid BackupId { get; init; }

    /// <summary>The version of the tenant's backup key that wrapped it.</summary>
    public int KeyVersion { get; init; }

    public byte[] Wrapped { get; init; } = [];
}
