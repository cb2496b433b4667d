using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Schedule;

namespace Saga.Registry.Backups;

/// <summary>The scheduled command that ends the backups of a tenant that is gone. Commit its statements with the tenant's end.</summary>
public static class BackupDestruction
{
    /// <summary>The kind of its operations.</summary>
    public const string Kind = "destroyBackups";

    // A store that is away must not keep the key alive for ever, nor for want of a day.
    private static readonly TimeSpan Patience = TimeSpan.FromDays(90);

    /// <param name="tenant">The tenant.</param>
    /// <param name="removal">The operation that removed it.</param>
    /// <param name="at">When its backups have expired.</param>
    /// <param name="now">The registry's time.</param>
    public static IReadOnlyList<NpgsqlBatchCommand> ScheduleCommands(TenantId tenant, Guid removal, DateTimeOffset at, DateTimeOffset now) =>
        ScheduleStore.AddCommands(new()
        {
            Id = Guid.CreateVersion7(now),
            Kind = Kind,
            TenantId = tenant,
            Command = JsonSerializer.SerializeToElement(new DestroyBackups { TenantId = tenant, Removal = removal }, Json.Options),
            RunAt = at,
            ExpiresAt = at + Patience,
            NeedsApproval = false,
            RequestedBy = $"operation:{removal:d}",
            CreatedAt = now,
        });
}
