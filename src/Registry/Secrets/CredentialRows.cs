using Dapper;
using Saga.Contracts.Identifiers;
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

    /// <summary>The credential; null when there is none.</summary>
    public static Task<CredentialRow?> FindAsync(LeasedTransaction transaction, CredentialKey key, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<CredentialRow>(new CommandDefinition(
            $"select username as Username, sealed as Sealed from tenant_credentials where {Matches}",
            new { Tenant = key.Tenant.Value, key.Placement, key.Purpose }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Every credential of the tenant, for all of its placements.</summary>
    public static async Task<IReadOnlyList<StoredCredential>> ListAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        [
            .. (await transaction.Connection.QueryAsync<(Guid? Placement, string Purpose, string Username, byte[] Sealed)>(new CommandDefinition(
                "select placement_id, purpose, username, sealed from tenant_credentials where tenant_id = @Value order by purpose, placement_id",
                new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken)))
                .Select(c => new StoredCredential(new(tenant, c.Placement, c.Purpose), new(c.Username, c.Sealed))),
        ];

    /// <summary>Replaces the sealed secret.</summary>
    public static Task ResealAsync(LeasedTransaction transaction, CredentialKey key, byte[] envelope, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            $"update tenant_credentials set sealed = @envelope, updated_at = now() where {Matches}",
            new { Tenant = key.Tenant.Value, key.Placement, key.Purpose, envelope }, cancellationToken);

    /// <summary>Gives the credential another purpose, for which its secret is sealed again. There must be none with that purpose.</summary>
    public static Task MoveAsync(LeasedTransaction transaction, CredentialKey key, string purpose, byte[] envelope, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            $"update tenant_credentials set purpose = @to, sealed = @envelope, updated_at = now() where {Matches}",
            new { Tenant = key.Tenant.Value, key.Placement, key.Purpose, to = purpose, envelope }, cancellationToken);

    /// <summary>Deletes the credential. Does nothing if there is none.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, CredentialKey key, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            $"delete from tenant_credentials where {Matches}", new { Tenant = key.Tenant.Value, key.Placement, key.Purpose }, cancellationToken);
}
