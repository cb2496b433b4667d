using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Registry.Audit;

/// <summary>Writes audit lines for steps, in the transaction of the change itself.</summary>
public static class AuditLog
{
    // Not what a person wrote or is: the lines outlive the tenant, and a certificate says that its data is gone.
    private static readonly string[] Shown =
    [
        TenantField.Domain, TenantField.Subdomain, TenantField.Timezone, TenantField.Region, TenantField.Features, TenantField.Pool, TenantField.ReadReplica,
        TenantField.AutoUpdate, TenantField.MaintenanceWindow, TenantField.MaxUsers, TenantField.MaxStorage,
    ];

    /// <summary>Writes one line in the name of the operation's requester.</summary>
    /// <param name="transaction">The transaction that makes the change.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="tenant">The tenant concerned.</param>
    /// <param name="operation">The operation that changed it.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task WriteAsync(LeasedTransaction transaction, string action, TenantId tenant, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into audit (actor, origin, action, tenant_id, operation_id) select requested_by, @Origin, @action, @Tenant, id from operations where id = @operation",
            new { action, Tenant = tenant.Value, operation, Origin = AuditOrigin.Current }, cancellationToken);

    /// <summary>The same for a change that concerns no single tenant.</summary>
    public static Task WriteAsync(LeasedTransaction transaction, string action, Guid operation, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "insert into audit (actor, origin, action, operation_id) select requested_by, @Origin, @action, id from operations where id = @operation",
        new { action, operation, Origin = AuditOrigin.Current }, cancellationToken);

    /// <summary>The same for an update of a tenant that has taken effect, with the values before and after.</summary>
    public static Task WriteChangeAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        $"""
        insert into audit (actor, origin, action, tenant_id, operation_id, before, after, detail)
        select o.requested_by, @Origin, '{AuditActions.TenantChange}', c.tenant_id, o.id,
            (select jsonb_object_agg(key, value) from jsonb_each(c.before) where key = any(@Shown)),
            (select jsonb_object_agg(key, value) from jsonb_each(c.after) where key = any(@Shown)),
            jsonb_build_object('fields', (select jsonb_agg(key order by key) from jsonb_object_keys(c.after) key))
        from operations o join tenant_changes c on c.operation_id = o.id where o.id = @operation and c.tenant_id = @Tenant
        """,
        new { Tenant = tenant.Value, operation, Shown, Origin = AuditOrigin.Current }, cancellationToken);

    /// <summary>The same for another plan, or another version of it, with the plan before and after.</summary>
    public static Task WritePlanAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        $"""
        insert into audit (actor, origin, action, tenant_id, operation_id, before, after)
        select o.requested_by, @Origin, '{AuditActions.PlanChange}', c.tenant_id, o.id,
            jsonb_build_object('plan', c.from_plan, 'version', c.from_version), jsonb_build_object('plan', c.to_plan, 'version', c.to_version)
        from operations o join plan_changes c on c.operation_id = o.id where o.id = @operation and c.tenant_id = @Tenant
        """,
        new { Tenant = tenant.Value, operation, Origin = AuditOrigin.Current }, cancellationToken);
}
