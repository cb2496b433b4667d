using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Intake;

namespace Saga.Registry.Deprovisionings;

/// <summary>A deprovisioning that is being accepted.</summary>
public sealed record NewDeprovisioning
{
    public required TenantId TenantId { get; init; }

    public required Guid OperationId { get; init; }

    public required string RequestedBy { get; init; }

    public required DateTimeOffset RequestedAt { get; init; }

    public required int GraceDays { get; init; }

    public required bool Backup { get; init; }

    /// <summary>How long nobody else gets the tenant's names afterwards.</summary>
    public required int ReservedDays { get; init; }

    /// <summary>The scheduled command that removes everything.</summary>
    public required Guid ScheduledId { get; init; }

    public DateTimeOffset DeleteAt => RequestedAt.AddDays(GraceDays);

    /// <summary>Writes it in place of one whose removal was cancelled.</summary>
    public NpgsqlBatchCommand InsertCommand() => CommandLedger.Statement(
        """
        insert into deprovisionings (tenant_id, operation_id, requested_by, requested_at, grace_days, delete_at, backup, reserved_days, scheduled_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (tenant_id) do update set
            operation_id = excluded.operation_id, requested_by = excluded.requested_by, requested_at = excluded.requested_at, grace_days = excluded.grace_days,
            delete_at = excluded.delete_at, backup = excluded.backup, reserved_days = excluded.reserved_days, scheduled_id = excluded.scheduled_id,
            removal_id = null, announced_at = null, final_at = null
        """,
        TenantId.Value, OperationId, RequestedBy, RequestedAt, GraceDays, DeleteAt, Backup, ReservedDays, ScheduledId);
}
