using System.ComponentModel.DataAnnotations;

namespace Saga.Lifecycle.Backup.Drills;

/// <summary>How often a sampled backup is restored to prove that it can be. Section <c>Saga:Backups:Drill</c>.</summary>
public sealed class BackupDrillOptions
{
    public const string Section = "Saga:Backups:Drill";

    /// <summary>One drill in so many days; 0 for none.</summary>
    [Range(0, 365, ErrorMessage = "Saga:Backups:Drill:EveryDays must be 0 to 365.")]
    public int EveryDays { get; set; } = 7;
}
