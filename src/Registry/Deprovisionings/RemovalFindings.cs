using Dapper;
using Saga.Registry.Leases;

namespace Saga.Registry.Deprovisionings;

/// <summary>The rows of <c>removal_findings</c>: what a step found before it removed anything. The first finding counts.</summary>
public static class RemovalFindings
{
    /// <returns>The finding as JSON; null when the step has not looked yet.</returns>
    public static Task<string?> FindAsync(LeasedTransaction transaction, StepLease lease, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "select found::text from removal_findings where operation_id = @OperationId and step = @Step", new { lease.OperationId, lease.Step }, transaction.Transaction, cancellationToken: cancellationToken));

    public static Task KeepAsync(LeasedTransaction transaction, StepLease lease, string found, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "insert into removal_findings (operation_id, step, found) values (@OperationId, @Step, @found::jsonb) on conflict do nothing",
        new { lease.OperationId, lease.Step, found }, cancellationToken);
}
