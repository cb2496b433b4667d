using System.ComponentModel.DataAnnotations;

namespace Saga.Lifecycle.Restore;

/// <summary>What dry runs predict of restores. Section <c>Saga:Backups:Restore</c>.</summary>
public sealed class RestoreOptions
{
    public const string Section = "Saga:Backups:Restore";

    public const int DefaultRowsPerSecond = 100_000;

    /// <summary>How many rows a database server copies and compares in a second. It changes predictions only.</summary>
    [Range(1, 100_000_000, ErrorMessage = "Saga:Backups:Restore:RowsPerSecond must be 1 to 100000000.")]
    public int RowsPerSecond { get; set; } = DefaultRowsPerSecond;
}
