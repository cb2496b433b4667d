using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup.Retention;
using Saga.Registry.Backups;

namespace Saga.Api.Backups;

/// <summary>When a tenant is backed up.</summary>
public sealed record BackupScheduleView
{
    public required TenantId TenantId { get; init; }

    /// <summary>The expression that applies, or none.</summary>
    public required string Cron { get; init; }

    /// <summary>Where it comes from: tenant, if any of it is the tenant's own, or configuration.</summary>
    public required string From { get; init; }

    public required string Timezone { get; init; }

    /// <summary>How many of the newest backups are kept whatever their age.</summary>
    public required int KeepLast { get; init; }

    /// <summary>For how many days the newest scheduled backup of each day is kept.</summary>
    public required int KeepDaily { get; init; }

    /// <summary>For how many weeks the newest scheduled backup of each week is kept.</summary>
    public required int KeepWeekly { get; init; }

    /// <summary>For how many days a backup is kept that somebody asked for.</summary>
    public required int KeepDays { get; init; }

    /// <summary>The next run; absent when there is none.</summary>
    public DateTimeOffset? NextRunAt { get; init; }

    /// <summary>The last run that was posted or refused.</summary>
    public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>The operation of the last run; absent when it was refused.</summary>
    public Guid? LastOperationId { get; init; }

    /// <summary>The first run since which no backup is complete; absent when there is none.</summary>
    public DateTimeOffset? UnconfirmedSince { get; init; }

    /// <summary>Who last set the tenant's own schedule.</summary>
    public string? SetBy { get; init; }

    public DateTimeOffset? SetAt { get; init; }

    public static BackupScheduleView Of(ScheduleOfTenant schedule, string cron, RetentionRule rule, DateTimeOffset? next) => new()
    {
        TenantId = schedule.TenantId,
        Cron = cron,
        From = schedule.Own is null or { Cron: null, Keep: { Last: null, Daily: null, Weekly: null, Days: null } } ? "configuration" : "tenant",
        Timezone = schedule.Timezone,
        KeepLast = rule.Last,
        KeepDaily = rule.Daily,
        KeepWeekly = rule.Weekly,
        KeepDays = rule.Days,
        NextRunAt = next,
        LastRunAt = schedule.LastDueAt,
        LastOperationId = schedule.LastOperationId,
        UnconfirmedSince = schedule.UnconfirmedSince,
        SetBy = schedule.Own?.SetBy,
        SetAt = schedule.Own?.SetAt,
    };
}
