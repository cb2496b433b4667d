using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Deprovisionings;

/// <summary>Makes a tombstone a tenant again, whose data comes from a backup. Each call may be repeated.</summary>
public static class RevivalRows
{
    /// <summary>
    /// Makes a deprovisioned tenant one that is being provisioned, with what the backup says of it. Its domains stay reserved for it, and must be proved again.
    /// </summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="backedUp">The tenant in the settings of its backup, as JSON.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>Whether the tenant was deprovisioned.</returns>
    /// <exception cref="PostgresException">Another tenant has its slug, subdomain or domain: unique_violation; or its name: <see cref="TenantAdmission.NameHeld"/>.</exception>
    public static async Task<bool> BeginAsync(LeasedTransaction transaction, TenantId tenant, string backedUp, CancellationToken cancellationToken)
    {
        // Others may have got them since the command was accepted. An operation that has begun has them itself.
        await transaction.ExecuteAsync("select admit_revived_names(id) from tenants where id = @Value and status = 'deprovisioned'", new { tenant.Value }, cancellationToken);
        return await transaction.ExecuteAsync(
            """
            update tenants set
                status = 'provisioning', read_replica = false, admin_email = b.t ->> 'adminEmail', phone = b.t ->> 'phone', description = b.t ->> 'description',
                maintenance_window = nullif(b.t -> 'maintenanceWindow', 'null'), features = b.t -> 'features', settings = b.t -> 'settings', version = version + 1, updated_at = now()
            from (select @backedUp::jsonb as t) b where id = @Value and status = 'deprovisioned'
            """,
            new { tenant.Value, backedUp }, cancellationToken) == 1;
    }

    /// <summary>Makes it the tombstone that it was.</summary>
    public static Task UndoAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync($"update tenants set {TombstoneRows.Erased} where id = @Value and status = 'provisioning'", new { tenant.Value }, cancellationToken);

    /// <summary>Ends the reservation of the names that the tenant has itself again. Its domains stay reserved until it has proved them.</summary>
    public static NpgsqlBatchCommand EndCommand(TenantId tenant) =>
        Intake.CommandLedger.Statement("delete from reserved_names where tenant_id = $1 and kind in ('slug', 'subdomain')", tenant.Value);
}
