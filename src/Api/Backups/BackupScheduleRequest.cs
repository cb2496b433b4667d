using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Backup.Schedules;

namespace Saga.Api.Backups;

/// <summary>A tenant's own schedule of backups. What is absent is as its plan or the installation has it.</summary>
public sealed record BackupScheduleRequest
{
    [StringLength(BackupCalendar.MaxLength), Description("A cron expression of five fields in the tenant's time zone, at most once an hour, such as 0 2 * * *; or none.")]
    public string? Cron { get; init; }

    [Range(0, BackupRetentionOptions.Most), Description("How many of the newest backups are kept whatever their age. With 0 even the last one expires.")]
    public int? KeepLast { get; init; }

    [Range(0, BackupRetentionOptions.Most), Description("For how many days the newest scheduled backup of each day is kept.")]
    public int? KeepDaily { get; init; }

    [Range(0, BackupRetentionOptions.Most), Description("For how many weeks the newest scheduled backup of each week is kept.")]
    public int? KeepWeekly { get; init; }

    [Range(0, BackupRetentionOptions.Most), Description("For how many days a backup is kept that somebody asked for.")]
    public int? KeepDays { get; init; }

    [StringLength(500, MinimumLength = 1), Description("Why, for the audit log.")]
    public string? Reason { get; init; }
}
