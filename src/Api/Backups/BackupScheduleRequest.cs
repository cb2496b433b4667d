using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Saga.Lifecycle.Backup.Schedules;

namespace Saga.Api.Backups;

/// <summary>A tenant's own schedule of backups. What is absent is as its plan or the installation has it.</summary>
public sealed record BackupScheduleRequest
{
    [StringLength(BackupCalendar.MaxLength), Description("A cron expression of five fields in the tenant's time zone, at most once an hour, such as 0 2 * * *; or none.")]
    public string? Cron { get; init; }

    [StringLength(500, MinimumLength = 1), Description("Why, for the audit log.")]
    public string? Reason { get; init; }
}
