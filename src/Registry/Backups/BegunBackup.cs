namespace Saga.Registry.Backups;

/// <summary>What the steps of a backup need to know about it.</summary>
// A class with setters, because a record's constructor would have to match the driver's types.
public sealed class BegunBackup
{
    public Guid Id { get; init; }

    public string State { get; init; } = "";

    public bool IsComplete => State == "completed";

    public bool IsFailed => State == "failed";

    /// <summary>Whether it was copied, at least in part, while it was complete.</summary>
    public bool MayHaveCopy { get; init; }

    public bool IncludesObjects { get; init; }

    public DateTime? SnapshotAt { get; init; }
}
