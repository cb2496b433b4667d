using System.Security.Cryptography;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Secrets;
using Saga.Registry.Settings;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;

namespace Saga.Workers.Sealing;

/// <summary>Gives a tenant a new key and seals again whatever was sealed with the former one, which is forgotten. Thread-safe.</summary>
internal sealed class TenantKeyRotation(MasterKeys masters, RuntimeKeys runtimes)
{
    /// <param name="transaction">Everything changes with its commit.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>How many secrets were sealed again.</returns>
    /// <exception cref="StepFailureException">This process lacks a key, or a secret cannot be opened. Nothing was changed.</exception>
    public async Task<int> RotateAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken)
    {
        var row = await TenantKeyRows.LockAsync(transaction.Transaction, tenant, cancellationToken) ?? throw StepFailureException.Permanent(
            "key-missing", $"Tenant {tenant} has no key.", "Nothing was ever sealed for it, or its key was destroyed. Rotate without tenantKey.");
        // A runtime with one of these could open nothing until a worker that has it wraps the new key.
        if (row.RuntimeKeyIds.Except(runtimes.Ids, StringComparer.Ordinal).Order(StringComparer.Ordinal).FirstOrDefault() is { } missing)
        {
            throw StepFailureException.Permanent(
                "runtime-key-missing", $"The key of tenant {tenant} is wrapped under runtime key '{missing}', which this worker does not have.",
                $"Set Saga:Runtime:Keys:{missing} in every worker, or withdraw that runtime key as docs/runtime-contract.md says. Then send the command again.");
        }

        var made = RandomNumberGenerator.GetBytes(SealingOptions.KeyBytes);
        try
        {
            var count = await ResealAsync(transaction, tenant, masters.Unwrap(tenant, row.MasterKeyId, row.Wrapped), made, cancellationToken);
            await TenantKeyRows.ReplaceAsync(
                transaction.Transaction, tenant, masters.Active, masters.Wrap(tenant, made), [.. runtimes.Ids.Select(id => new RuntimeKeyRow(tenant, id, runtimes.Wrap(tenant, id, made)))],
                cancellationToken);
            return count;
        }
        catch (SealingException error)
        {
            throw StepFailureException.Permanent(
                "secret-unreadable", error.Message, "Restore the key, or delete the secret and write it again. Then send the command again.", cause: error);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(made);
        }
    }

    private static async Task<int> ResealAsync(LeasedTransaction transaction, TenantId tenant, byte[] former, byte[] made, CancellationToken cancellationToken)
    {
        var count = 0;
        foreach (var (key, credential) in await CredentialRows.ListAsync(transaction, tenant, cancellationToken))
        {
            await CredentialRows.ResealAsync(transaction, key, Again(CredentialPurposes.Sealed(key.Purpose), credential.Sealed), cancellationToken);
            count++;
        }

        foreach (var (key, sealedValue) in await TenantSettingRows.ListSealedAsync(transaction, tenant, cancellationToken))
        {
            await TenantSettingRows.ResealAsync(transaction, tenant, key, Again(TenantSettings.Purpose(key), sealedValue), cancellationToken);
            count++;
        }

        return count;

        byte[] Again(string purpose, byte[] envelope) => SealedText.Seal(made, tenant, purpose, SealedText.Open(former, tenant, purpose, envelope));
    }
}
