namespace Saga.Registry.Backups;

/// <summary>A database that a restore has made.</summary>
// A class with setters, because a record's constructor would have to match the driver's types.
public sealed class RestoredDatabase
{
    public Guid OperationId { get; init; }

    public Guid BackupId { get; init; }

    public string Server { get; init; } = "";

    public string Database { get; init; } = "";

    /// <summary>When it is removed; null until it was verified.</summary>
    public DateTime? RemoveAt { get; init; }
}
