using Dapper;
using Saga.Registry.Leases;

namespace Saga.Registry.Secrets;

/// <summary>The rows of <c>tenant_credentials</c>. Callers pass sealed values.</summary>
public static class CredentialRows
{
    private const string Matches = "tenant_id = @Tenant and placement_id is not distinct from @Placement and purpose = @Purpose";

    /// <returns>False when one already exists, which is kept.</returns>
    public static async Task<bool> AddAsync(LeasedTransaction transaction, CredentialKey key, CredentialRow row, CancellationToken cancellationToken) =>
        await transaction.ExecuteAsync(
            """
            insert into tenant_credentials (tenant_id, placement_id, purpose, username, sealed)
            values (@Tenant, @Placement, @Purpose, @Username, @Sealed)
            on conflict do nothing
            """,
            new { Tenant = key.Tenant.Value, key.Placement, key.Purpose, row.Username, row.Sealed }, cancellationToken) == 1;

    public static Task<CredentialRow> ReadAsync(LeasedTransaction transaction, CredentialKey key, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleAsync<CredentialRow>(new CommandDefinition(
            $"select username as Username, sealed as Sealed from tenant_credentials where {Matches}",
            new { Tenant = key.Tenant.Value, key.Placement, key.Purpose }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Deletes the credential. Does nothing if there is none.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, CredentialKey key, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            $"delete from tenant_credentials where {Matches}", new { Tenant = key.Tenant.Value, key.Placement, key.Purpose }, cancellationToken);
}
