using System.Text;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Tenancy.Sealing;

/// <summary>
/// A tenant's own credentials, sealed in the registry. A step writes them before the outside hears of them, so that
/// a second run uses the same ones. Thread-safe.
/// </summary>
public sealed class CredentialStore(NpgsqlDataSource registry, TenantSealer sealer)
{
    /// <summary>Keeps the credential that is there already; otherwise stores the given one.</summary>
    /// <param name="transaction">Commit it before the credential is used outside.</param>
    /// <param name="purpose">One of <see cref="CredentialPurposes"/>.</param>
    /// <returns>The credential that is stored now: use this one.</returns>
    public async Task<Credential> SaveAsync(
        LeasedTransaction transaction, TenantId tenant, string purpose, string username, string password, CancellationToken cancellationToken)
    {
        var envelope = await sealer.SealAsync(transaction, tenant, Sealed(purpose), Encoding.UTF8.GetBytes(password), cancellationToken);
        var inserted = await transaction.ExecuteAsync(
            """
            insert into tenant_credentials (tenant_id, purpose, username, sealed) values (@Tenant, @purpose, @username, @envelope)
            on conflict do nothing
            """,
            new { Tenant = tenant.Value, purpose, username, envelope }, cancellationToken);
        if (inserted == 1)
            return new Credential(username, password);
        var row = await transaction.Connection.QuerySingleAsync<Row>(
            Find(tenant, purpose, transaction.Transaction, cancellationToken));
        return Open(row, await sealer.OpenAsync(transaction, tenant, Sealed(purpose), row.Sealed, cancellationToken));
    }

    /// <exception cref="SealingException">It is there but cannot be opened.</exception>
    public async Task<Credential?> FindAsync(TenantId tenant, string purpose, CancellationToken cancellationToken)
    {
        Row? row;
        await using (var connection = await registry.OpenConnectionAsync(cancellationToken))
            row = await connection.QuerySingleOrDefaultAsync<Row>(Find(tenant, purpose, null, cancellationToken));
        return row is null ? null : Open(row, await sealer.OpenAsync(tenant, Sealed(purpose), row.Sealed, cancellationToken));
    }

    /// <summary>Forgets the credential; nothing when it is not there. Delete it outside first.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, TenantId tenant, string purpose, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "delete from tenant_credentials where tenant_id = @Tenant and purpose = @purpose", new { Tenant = tenant.Value, purpose }, cancellationToken);

    private static CommandDefinition Find(TenantId tenant, string purpose, NpgsqlTransaction? transaction, CancellationToken cancellationToken) => new(
        "select username, sealed from tenant_credentials where tenant_id = @Tenant and purpose = @purpose",
        new { Tenant = tenant.Value, purpose }, transaction, cancellationToken: cancellationToken);

    // A credential's purpose never equals one that a caller of the sealer made up.
    private static string Sealed(string purpose) => $"credential:{purpose}";

    private static Credential Open(Row row, byte[] password) => new(row.Username, Encoding.UTF8.GetString(password));

    private sealed record Row(string Username, byte[] Sealed);
}

/// <summary>What a credential opens.</summary>
public static class CredentialPurposes
{
    public const string Database = "database";
    public const string Cache = "cache";
    public const string Storage = "storage";
}

/// <summary>A name and its secret; the secret is left out of the text.</summary>
public sealed record Credential(string Username, string Password)
{
    public override string ToString() => $"Credential {{ Username = {Username} }}";
}
