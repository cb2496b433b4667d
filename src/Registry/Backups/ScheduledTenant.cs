using Saga.Contracts.Identifiers;

namespace Saga.Registry.Backups;

/// <summary>What decides when a tenant is backed up.</summary>
/// <param name="Id">The tenant.</param>
/// <param name="Plan">Its plan.</param>
/// <param name="Timezone">Its time zone.</param>
/// <param name="Cron">The expression of its own schedule; null when it has none.</param>
public sealed record ScheduledTenant(TenantId Id, string Plan, string Timezone, string? Cron);

/// <summary>A run that is due, and that the caller has taken.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="DueAt">When it was due.</param>
/// <param name="Now">The registry's time.</param>
public sealed record DueBackup(ScheduledTenant Tenant, DateTimeOffset DueAt, DateTimeOffset Now);

/// <summary>A tenant whose schedule ran and which has no complete backup since.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Slug">Its slug.</param>
/// <param name="Since">The first run without one.</param>
/// <param name="Operation">The operation of the last run; null when it was refused.</param>
public sealed record MissingBackup(TenantId Tenant, Slug Slug, DateTimeOffset Since, Guid? Operation);
