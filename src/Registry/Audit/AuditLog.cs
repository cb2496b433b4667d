using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Audit;

/// <summary>What steps write to the audit, in the transaction of the change itself.</summary>
public static class AuditLog
{
    /// <summary>One line, in the name of whoever requested the operation.</summary>
    /// <param name="transaction">The one that makes the change.</param>
    /// <param name="action">One of <see cref="AuditActions"/>.</param>
    /// <param name="tenant">Whom it concerns.</param>
    /// <param name="operation">The operation that changed it.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task WriteAsync(LeasedTransaction transaction, string action, TenantId tenant, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "insert into audit (actor, action, tenant_id, operation_id) select requested_by, @action, @Tenant, id from operations where id = @operation",
            new { action, Tenant = tenant.Value, operation }, cancellationToken);
}
