using System.ComponentModel.DataAnnotations;

namespace Saga.Registry.Backups.OfRegistry;

/// <summary>Backups of the registry itself. Section <c>Saga:Backups:Registry</c>.</summary>
public sealed class RegistryBackupOptions
{
    public const string Section = "Saga:Backups:Registry";

    /// <summary>The schedule: five fields in UTC, or <c>none</c>.</summary>
    public string Cron { get; set; } = "0 3 * * *";

    /// <summary>How long a backup is kept.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Backups:Registry:KeepDays must be 1 to 3650.")]
    public int KeepDays { get; set; } = 30;

    /// <summary>How many of the newest are kept whatever their age.</summary>
    [Range(1, 3650, ErrorMessage = "Saga:Backups:Registry:KeepLast must be 1 to 3650.")]
    public int KeepLast { get; set; } = 1;

    /// <summary>How long after a run an alert is raised if no backup is complete.</summary>
    [Range(1, 168, ErrorMessage = "Saga:Backups:Registry:LateHours must be 1 to 168.")]
    public int LateHours { get; set; } = 6;

    /// <summary>A login that may read all of the registry, for pg_dump. By default <c>Saga:Registry:ConnectionString</c>.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Until when backups have what the registry lost at this time: the newest of them expires a day after its last day at the latest.</summary>
    public DateTimeOffset HaveUntil(DateTimeOffset lost) => lost.AddDays(KeepDays + 1);
}
