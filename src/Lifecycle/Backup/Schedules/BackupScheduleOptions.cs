namespace Saga.Lifecycle.Backup.Schedules;

/// <summary>When tenants are backed up. Section <c>Saga:Backups:Schedule</c>. A tenant's own schedule comes before its plan's, and that before the usual one.</summary>
public sealed class BackupScheduleOptions
{
    public const string Section = "Saga:Backups:Schedule";

    /// <summary>The usual schedule: five fields in the tenant's time zone, or <c>none</c>.</summary>
    public string Cron { get; set; } = "0 2 * * *";

    /// <summary>Over how long the backups of one time are spread. Each tenant always has the same place in it.</summary>
    public int JitterMinutes { get; set; } = 120;

    /// <summary>How long after a run an alert is raised if no backup is complete.</summary>
    public int LateHours { get; set; } = 12;

    /// <summary>Schedules of plans, by the plan's name.</summary>
    public IDictionary<string, BackupPlanOptions> Plans { get; } = new Dictionary<string, BackupPlanOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The expression for a tenant.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="own">Its own schedule's; null when it has none.</param>
    public string CronOf(string plan, string? own) => own ?? (Plans.TryGetValue(plan, out var rule) ? rule.Cron : null) ?? Cron;
}

/// <summary>What differs for one plan.</summary>
public sealed class BackupPlanOptions
{
    /// <summary>See <see cref="BackupScheduleOptions.Cron"/>; null for that one.</summary>
    public string? Cron { get; set; }
}
