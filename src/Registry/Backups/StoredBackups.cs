using Saga.Contracts.Identifiers;

namespace Saga.Registry.Backups;

/// <summary>What a tenant's own rule says about keeping its backups; null where it says nothing.</summary>
public sealed record KeepRule
{
    public static KeepRule None { get; } = new();

    /// <summary>How many of the newest are kept whatever their age.</summary>
    public int? Last { get; init; }

    /// <summary>For how many days, today among them, the newest of each day is kept.</summary>
    public int? Daily { get; init; }

    /// <summary>For how many weeks, this one among them, the newest of each week is kept.</summary>
    public int? Weekly { get; init; }

    /// <summary>For how many days those are kept that somebody asked for.</summary>
    public int? Days { get; init; }
}

/// <summary>The backups of a tenant whose files are there.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Plan">Its plan.</param>
/// <param name="Timezone">Its time zone, in which days and weeks are counted.</param>
/// <param name="Deprovisioned">Whether it is gone. Its newest backup has a term of its own then.</param>
/// <param name="Own">Its own rule.</param>
/// <param name="Backups">The backups, newest first.</param>
public sealed record StoredBackups(TenantId Tenant, string Plan, string Timezone, bool Deprovisioned, KeepRule Own, IReadOnlyList<StoredBackup> Backups);

/// <param name="Id">The backup.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Scheduled">Whether a schedule made it.</param>
/// <param name="Expiring">Whether its removal has begun, and has not ended.</param>
public sealed record StoredBackup(Guid Id, DateTimeOffset StartedAt, bool Scheduled, bool Expiring);
