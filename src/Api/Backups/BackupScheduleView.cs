using Saga.Contracts.Identifiers;
using Saga.Registry.Backups;

namespace Saga.Api.Backups;

/// <summary>When a tenant is backed up.</summary>
public sealed record BackupScheduleView
{
    public required TenantId TenantId { get; init; }

    /// <summary>The expression that applies, or none.</summary>
    public required string Cron { get; init; }

    /// <summary>Where it comes from: tenant or configuration.</summary>
    public required string From { get; init; }

    public required string Timezone { get; init; }

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

    public static BackupScheduleView Of(ScheduleOfTenant schedule, string cron, DateTimeOffset? next) => new()
    {
        TenantId = schedule.TenantId,
        Cron = cron,
        From = schedule.Own?.Cron is null ? "configuration" : "tenant",
        Timezone = schedule.Timezone,
        NextRunAt = next,
        LastRunAt = schedule.LastDueAt,
        LastOperationId = schedule.LastOperationId,
        UnconfirmedSince = schedule.UnconfirmedSince,
        SetBy = schedule.Own?.SetBy,
        SetAt = schedule.Own?.SetAt,
    };
}
