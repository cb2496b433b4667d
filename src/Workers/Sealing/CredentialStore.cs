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

    /// <summary>
    /// Shows the next credential to runtimes instead of the current one, which is kept as the former one until it is deleted. Commit it with
    /// whatever else names the login.
    /// </summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="key">The current credential.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>The former and the new user; null when there is no next credential.</returns>
    public async Task<SwitchedCredential?> SwitchAsync(LeasedTransaction transaction, CredentialKey key, CancellationToken cancellationToken)
    {
        var (nextKey, formerKey) = (NextOf(key), FormerOf(key));
        if (await CredentialRows.FindAsync(transaction, key, cancellationToken) is not { } current
            || await CredentialRows.FindAsync(transaction, nextKey, cancellationToken) is not { } next)
        {
            return null;
        }

        await CredentialRows.DeleteAsync(transaction, formerKey, cancellationToken);
        await MoveAsync(transaction, key, current, formerKey.Purpose, cancellationToken);
        await MoveAsync(transaction, nextKey, next, key.Purpose, cancellationToken);
        return new(current.Username, next.Username);
    }

    /// <summary>The credential that will replace this one.</summary>
    public static CredentialKey NextOf(CredentialKey key) => key with { Purpose = CredentialPurposes.Next(key.Purpose) };

    /// <summary>The credential that this one has replaced.</summary>
    public static CredentialKey FormerOf(CredentialKey key) => key with { Purpose = CredentialPurposes.Former(key.Purpose) };

    /// <summary>Deletes the credential, if there is one. Delete it in the external system first.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, CredentialKey key, CancellationToken cancellationToken) =>
        CredentialRows.DeleteAsync(transaction, key, cancellationToken);

    // The purpose is a part of what is sealed.
    private async Task MoveAsync(LeasedTransaction transaction, CredentialKey key, CredentialRow row, string purpose, CancellationToken cancellationToken)
    {
        var secret = await sealer.OpenAsync(transaction, key.Tenant, CredentialPurposes.Sealed(key.Purpose), row.Sealed, cancellationToken);
        var envelope = await sealer.SealAsync(transaction, key.Tenant, CredentialPurposes.Sealed(purpose), secret, cancellationToken);
        await CredentialRows.MoveAsync(transaction, key, purpose, envelope, cancellationToken);
    }
}

/// <param name="Former">The user that runtimes saw before.</param>
/// <param name="User">The user that they see now.</param>
public sealed record SwitchedCredential(string Former, string User);
