using System.Text;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>
/// Writes a tenant's own credentials, sealed. A step stores them before it sets them in an external system, so that a second run
/// uses the same ones. Thread-safe.
/// </summary>
public sealed class CredentialStore(TenantSealer sealer)
{
    /// <summary>Keeps an existing credential; otherwise stores the given one.</summary>
    /// <param name="transaction">Commit it before the credential is used outside.</param>
    /// <param name="key">Whose it is, and its purpose: one of <see cref="CredentialPurposes"/>.</param>
    /// <param name="username">The name to sign in with.</param>
    /// <param name="password">The secret, which is sealed under the tenant's key.</param>
    /// <param name="cancellationToken">Cancels the transaction's statements.</param>
    /// <returns>The stored credential, which the caller must use.</returns>
    public async Task<Credential> SaveAsync(
        LeasedTransaction transaction, CredentialKey key, string username, string password, CancellationToken cancellationToken)
    {
        var bound = CredentialPurposes.Sealed(key.Purpose);
        var envelope = await sealer.SealAsync(transaction, key.Tenant, bound, Encoding.UTF8.GetBytes(password), cancellationToken);
        if (await CredentialRows.AddAsync(transaction, key, new CredentialRow(username, envelope), cancellationToken))
            return new Credential(username, password);
        var row = await CredentialRows.ReadAsync(transaction, key, cancellationToken);
        return new Credential(row.Username, Encoding.UTF8.GetString(await sealer.OpenAsync(transaction, key.Tenant, bound, row.Sealed, cancellationToken)));
    }

    /// <summary>Deletes the credential, if there is one. Delete it in the external system first.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, CredentialKey key, CancellationToken cancellationToken) =>
        CredentialRows.DeleteAsync(transaction, key, cancellationToken);
}
