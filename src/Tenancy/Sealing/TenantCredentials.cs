using System.Text;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Runtime;

namespace Saga.Tenancy.Sealing;

/// <summary>Reads and opens a tenant's own credentials. Thread-safe.</summary>
public sealed class TenantCredentials
{
    private readonly RuntimeRegistry registry;
    private readonly TenantSecrets secrets;

    internal TenantCredentials(RuntimeRegistry registry, TenantSecrets secrets) => (this.registry, this.secrets) = (registry, secrets);

    /// <param name="tenant">The tenant.</param>
    /// <param name="purpose">One of <see cref="CredentialPurposes"/>.</param>
    /// <param name="cancellationToken">Ends the wait for the registry.</param>
    /// <returns>Null when the tenant has none for this purpose, or is not live.</returns>
    /// <exception cref="SealingException">The credential exists but cannot be opened.</exception>
    public Task<Credential?> FindAsync(TenantId tenant, string purpose, CancellationToken cancellationToken) =>
        SealedReading.ReadAsync(() => ReadAsync(tenant, purpose, cancellationToken));

    private async Task<Credential?> ReadAsync(TenantId tenant, string purpose, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenAsync(cancellationToken);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(
            $"select username as Username, sealed as Sealed from {RuntimeRegistry.Schema}.credentials where tenant_id = @Tenant and purpose = @purpose",
            new { Tenant = tenant.Value, purpose }, cancellationToken: cancellationToken));
        return row is null ? null : await OpenAsync(connection, tenant, purpose, row.Username, row.Sealed, cancellationToken);
    }

    /// <exception cref="SealingException">The secret cannot be opened.</exception>
    internal async Task<Credential> OpenAsync(
        NpgsqlConnection connection, TenantId tenant, string purpose, string username, byte[] secret, CancellationToken cancellationToken)
    {
        var key = await secrets.KeyAsync(connection, tenant, cancellationToken);
        return new Credential(username, Encoding.UTF8.GetString(SealedText.Open(key, tenant, CredentialPurposes.Sealed(purpose), secret)));
    }

    private sealed record Row(string Username, byte[] Sealed);
}
