using Saga.Contracts.Identifiers;

namespace Saga.Registry.Backups;

/// <summary>A tenant's own schedule of backups.</summary>
public sealed record BackupSchedule
{
    /// <summary>Five fields in the tenant's time zone, or <c>none</c>; null for the configuration's.</summary>
    public string? Cron { get; init; }

    public KeepRule Keep { get; init; } = KeepRule.None;

    public required string SetBy { get; init; }

    public required DateTimeOffset SetAt { get; init; }
}

/// <summary>What there is about a tenant's schedule.</summary>
public sealed record ScheduleOfTenant
{
    public required TenantId TenantId { get; init; }

    public required string Plan { get; init; }

    public required string Timezone { get; init; }

    /// <summary>Null when the tenant has none of its own.</summary>
    public BackupSchedule? Own { get; init; }

    /// <summary>What <see cref="NextDueAt"/> was computed from; null before that happened.</summary>
    public string? Basis { get; init; }

    public DateTimeOffset? NextDueAt { get; init; }

    public DateTimeOffset? LastDueAt { get; init; }

    public Guid? LastOperationId { get; init; }

    /// <summary>The first run since the last complete backup.</summary>
    public DateTimeOffset? UnconfirmedSince { get; init; }

    /// <summary>The registry's time.</summary>
    public required DateTimeOffset Now { get; init; }
}
