using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Secrets;

/// <summary>The rows of <c>credential_rotations</c>.</summary>
public static class CredentialRotationRows
{
    /// <summary>Records that the operation has switched credentials, in the transaction that switches them.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="operation">The rotation. It must have no row yet.</param>
    /// <param name="what">What was switched.</param>
    /// <param name="drain">How long the former logins go on working.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static Task<CredentialRotation> AddAsync(
        LeasedTransaction transaction, TenantId tenant, Guid operation, IReadOnlyCollection<string> what, TimeSpan drain, CancellationToken cancellationToken) =>
        SingleAsync(
            transaction,
            """
            insert into credential_rotations (operation_id, tenant_id, what, drains_until) values (@operation, @Tenant, @What, now() + @drain)
            returning switched_at, drains_until
            """,
            new { operation, Tenant = tenant.Value, What = what.ToArray(), drain }, cancellationToken)!;

    /// <summary>The operation's rotation; null until it has switched.</summary>
    public static Task<CredentialRotation?> FindAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        SingleAsync(transaction, "select switched_at, drains_until from credential_rotations where operation_id = @operation", new { operation }, cancellationToken);

    private static async Task<CredentialRotation?> SingleAsync(LeasedTransaction transaction, string sql, object parameters, CancellationToken cancellationToken) =>
        await transaction.Connection.QuerySingleOrDefaultAsync<(DateTime At, DateTime Until)?>(
            new CommandDefinition(sql, parameters, transaction.Transaction, cancellationToken: cancellationToken)) is { } row
            ? new(new(row.At), new(row.Until))
            : null;
}
