using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Holds;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Registry.Deprovisionings;

/// <summary>
/// The rows of <c>deprovisionings</c>. Whether a removal may still be cancelled is decided under the lock of the tenant's row, which every
/// accepted command takes too.
/// </summary>
public static class DeprovisioningRows
{
    private const string EndSchedule = "state = 'cancelled', ended_at = now(), next_try_at = null, claim = null";

    /// <summary>Records which operation removes the tenant, in the transaction that accepts it.</summary>
    public static NpgsqlBatchCommand RemovalCommand(TenantId tenant, Guid removal) =>
        CommandLedger.Statement("update deprovisionings set removal_id = $2 where tenant_id = $1", tenant.Value, removal);

    /// <summary>
    /// Takes the deprovisioning back, in the transaction that accepts the order: the scheduled removal is cancelled, and one that runs
    /// finds at its pivot that it may not go on.
    /// </summary>
    public static IReadOnlyList<NpgsqlBatchCommand> CancelCommands(TenantId tenant, string actor, string reason) =>
    [
        CommandLedger.Statement(
            $"""
            update scheduled_commands s set {EndSchedule}, ended_by = $2, end_reason = $3
            from deprovisionings d where d.tenant_id = $1 and s.id = d.scheduled_id and s.state = 'scheduled'
            """,
            tenant.Value, actor, reason),
        CommandLedger.Statement("delete from deprovisionings where tenant_id = $1 and final_at is null", tenant.Value),
    ];

    /// <summary>Marks the deprovisioning as announced, in the transaction that publishes it.</summary>
    /// <returns>What to announce; null when it is announced already, or was taken back.</returns>
    public static async Task<AnnouncedDeletion?> AnnounceAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<(DateTime RequestedAt, DateTime DeleteAt, bool Backup)?>(new CommandDefinition(
            """
            update deprovisionings set announced_at = now() where tenant_id = @Value and operation_id = @operation and announced_at is null
            returning requested_at, delete_at, backup
            """,
            new { tenant.Value, operation }, transaction.Transaction, cancellationToken: cancellationToken));
        return row is not { } found ? null : new(new DateTimeOffset(found.RequestedAt), new DateTimeOffset(found.DeleteAt), found.Backup);
    }

    /// <summary>
    /// Forgets the deprovisioning of a tenant whose provisioning was undone instead: there is nothing to remove, so the scheduled removal
    /// and the hold go too.
    /// </summary>
    public static Task ForgetAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        $"""
        with gone as (delete from deprovisionings where tenant_id = @Value and operation_id = @operation returning tenant_id, scheduled_id),
        cancelled as (
            update scheduled_commands s set {EndSchedule}, ended_by = 'saga', end_reason = 'The provisioning was undone, so there is nothing to remove.'
            from gone g where s.id = g.scheduled_id and s.state = 'scheduled')
        delete from holds h using gone g where h.tenant_id = g.tenant_id and h.code = @Code
        """,
        new { tenant.Value, operation, Code = HoldNames.Of(HoldCode.Deletion) }, cancellationToken);

    /// <summary>Makes the removal final, and audits it once. May be repeated.</summary>
    /// <returns>Since when it is final; null when the deprovisioning was taken back, or is another one by now.</returns>
    public static async Task<DateTimeOffset?> BeginRemovalAsync(LeasedTransaction transaction, TenantId tenant, Guid removal, CancellationToken cancellationToken)
    {
        await TenantStore.LockAsync(transaction.Connection, transaction.Transaction, tenant, cancellationToken);
        var at = await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            $"""
            with begun as (
                update deprovisionings set final_at = now() where tenant_id = @Value and removal_id = @removal and final_at is null returning tenant_id, final_at),
            audited as (
                insert into audit (actor, origin, action, tenant_id, operation_id)
                select o.requested_by, @Origin, '{AuditActions.RemovalBegin}', b.tenant_id, o.id from begun b cross join operations o where o.id = @removal)
            select final_at from begun
            union all select final_at from deprovisionings where tenant_id = @Value and removal_id = @removal and final_at is not null
            """,
            new { tenant.Value, removal, Origin = AuditOrigin.Current }, transaction.Transaction, cancellationToken: cancellationToken));
        return at is { } time ? new DateTimeOffset(time) : null;
    }

    /// <summary>Whether the removal lacks the final backup that it was asked for: its steps were skipped.</summary>
    public static Task<bool> LacksBackupAsync(LeasedTransaction transaction, TenantId tenant, Guid removal, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (
                select from deprovisionings d where d.tenant_id = @Value and d.removal_id = @removal and d.backup
                and not exists (select from backups b where b.operation_id = @removal and b.state = 'completed'))
            """,
            new { tenant.Value, removal }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Whether the removal is final.</summary>
    public static Task<bool> IsFinalAsync(LeasedTransaction transaction, TenantId tenant, Guid removal, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from deprovisionings where tenant_id = @Value and removal_id = @removal and final_at is not null)",
            new { tenant.Value, removal }, transaction.Transaction, cancellationToken: cancellationToken));
}

/// <summary>What is announced of a deprovisioning.</summary>
public sealed record AnnouncedDeletion(DateTimeOffset RequestedAt, DateTimeOffset DeleteAt, bool Backup);
