using Microsoft.Extensions.Options;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Registry.Backups;

namespace Saga.Api.Backups;

/// <summary>What applies to a tenant: its own rules, its plan's and the usual ones.</summary>
internal sealed class BackupRules(IOptions<BackupScheduleOptions> schedules, IOptions<BackupRetentionOptions> retention)
{
    public string Cron(ScheduleOfTenant schedule) => schedules.Value.CronOf(schedule.Plan, schedule.Own?.Cron);

    public RetentionRule Keep(ScheduleOfTenant schedule) => retention.Value.RuleOf(schedule.Plan, schedule.Own?.Keep ?? KeepRule.None);
}
