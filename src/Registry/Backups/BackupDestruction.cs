using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Schedule;

namespace Saga.Registry.Backups;

/// <summary>The scheduled command that ends the backups of a tenant that is gone. Commit its statements with the tenant's end.</summary>
public static class BackupDestruction
{
    /// <summary>The kind of its operations.</summary>
    public const string Kind = "destroyBackups";

    /// <param name="tenant">The tenant.</param>
    /// <param name="removal">The operation that removed it.</param>
    /// <param name="at">When its backups have expired, or the last copy of their key.</param>
    /// <param name="now">The registry's time.</param>
    public static IReadOnlyList<NpgsqlBatchCommand> ScheduleCommands(TenantId tenant, Guid removal, DateTimeOffset at, DateTimeOffset now) =>
        ScheduleStore.AddCommands(ScheduledCommand.FollowUp(Kind, tenant, new DestroyBackups { TenantId = tenant, Removal = removal }, removal, at, now));
}
