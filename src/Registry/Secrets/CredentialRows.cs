using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Secrets;

/// <summary>The rows of <c>tenant_credentials</c>. Callers pass sealed values.</summary>
public static class CredentialRows
{
    /// <returns>False when one already exists, which is kept.</returns>
    public static async Task<bool> AddAsync(
        LeasedTransaction transaction, TenantId tenant, string purpose, CredentialRow row, CancellationToken cancellationToken) =>
        await transaction.ExecuteAsync(
            """
            insert into tenant_credentials (tenant_id, purpose, username, sealed) values (@Tenant, @purpose, @Username, @Sealed)
            on conflict do nothing
            """,
            new { Tenant = tenant.Value, purpose, row.Username, row.Sealed }, cancellationToken) == 1;

    public static Task<CredentialRow> ReadAsync(LeasedTransaction transaction, TenantId tenant, string purpose, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleAsync<CredentialRow>(new CommandDefinition(
            "select username as Username, sealed as Sealed from tenant_credentials where tenant_id = @Tenant and purpose = @purpose",
            new { Tenant = tenant.Value, purpose }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Deletes the credential. Does nothing if there is none.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, TenantId tenant, string purpose, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "delete from tenant_credentials where tenant_id = @Tenant and purpose = @purpose", new { Tenant = tenant.Value, purpose }, cancellationToken);
}
