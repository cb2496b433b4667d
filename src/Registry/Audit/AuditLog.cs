using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Audit;

/// <summary>Writes audit lines for steps, in the transaction of the change itself.</summary>
public static class AuditLog
{
    /// <summary>Writes one line in the name of the operation's requester.</summary>
    /// <param name="transaction">The transaction that makes the change.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="tenant">The tenant concerned.</param>
    /// <param name="operation">The operation that changed it.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task WriteAsync(LeasedTransaction transaction, string action, TenantId tenant, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into audit (actor, action, tenant_id, operation_id) select requested_by, @action, @Tenant, id from operations where id = @operation",
            new { action, Tenant = tenant.Value, operation }, cancellationToken);

    /// <summary>The same for a change that concerns no single tenant.</summary>
    public static Task WriteAsync(LeasedTransaction transaction, string action, Guid operation, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "insert into audit (actor, action, operation_id) select requested_by, @action, id from operations where id = @operation", new { action, operation }, cancellationToken);
}
