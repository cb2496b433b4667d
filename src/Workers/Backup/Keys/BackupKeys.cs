using System.Security.Cryptography;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Tenancy.Sealing;
using Saga.Workers.Backup.Format;
using Saga.Workers.Sealing;

namespace Saga.Workers.Backup.Keys;

/// <summary>
/// The keys of backups. Each backup has a data key of its own, wrapped by the newest version of the tenant's backup key, which a master key
/// wraps. They are not the keys that seal a tenant's secrets, and outlive those. Thread-safe.
/// </summary>
internal sealed class BackupKeys(NpgsqlDataSource registry, MasterKeys masters)
{
    /// <summary>Gives the backup a key. One that it has is kept.</summary>
    public async Task EnsureAsync(LeasedTransaction transaction, TenantId tenant, Guid backup, CancellationToken cancellationToken)
    {
        if (await BackupKeyRows.FindDataKeyAsync(transaction.Connection, backup, cancellationToken) is not null)
            return;
        var wrapping = await BackupKeyRows.LockNewestAsync(transaction, tenant, cancellationToken) ?? await MakeAsync(transaction, tenant, 1, null, cancellationToken);
        var dataKey = RandomNumberGenerator.GetBytes(PartFormat.KeyBytes);
        await BackupKeyRows.AddDataKeyAsync(transaction, tenant, backup, wrapping.Version, Envelope.Seal(Unwrap(tenant, wrapping), dataKey, Associated(tenant, backup)), cancellationToken);
        CryptographicOperations.ZeroMemory(dataKey);
    }

    /// <summary>The key of a backup.</summary>
    /// <exception cref="SealingException">It was destroyed, or the master key is missing or another one.</exception>
    public async Task<byte[]> OpenAsync(TenantId tenant, Guid backup, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var row = await BackupKeyRows.FindDataKeyAsync(connection, backup, cancellationToken)
            ?? throw new SealingException($"Backup {backup} of tenant {tenant} has no key: it was destroyed, so nobody can read the backup.");
        return Open(tenant, row);
    }

    /// <summary>
    /// Makes the next version of the tenant's backup key, wraps the keys of all its backups with it, and forgets the former one. Does so once for each
    /// rotation. The caller commits.
    /// </summary>
    /// <returns>The rotation's version, and for how many backups it is used now; null when the tenant has no backup key.</returns>
    /// <exception cref="SealingException">A key of a backup cannot be opened, or the master key is missing. Nothing was changed.</exception>
    public async Task<RotatedBackupKey?> RotateAsync(LeasedTransaction transaction, TenantId tenant, Guid rotation, CancellationToken cancellationToken)
    {
        if (await BackupKeyRows.LockNewestAsync(transaction, tenant, cancellationToken) is not { } newest)
            return null;
        var rows = await BackupKeyRows.LockDataKeysAsync(transaction, tenant, cancellationToken);
        if (newest.OperationId == rotation)
            return new(newest, rows.Count);
        var dataKeys = rows.Select(r => (r.BackupId, Key: Open(tenant, r))).ToList();
        var made = await MakeAsync(transaction, tenant, newest.Version + 1, rotation, cancellationToken);
        var wrapping = Unwrap(tenant, made);
        await BackupKeyRows.RewrapDataKeysAsync(transaction, made.Version, [.. dataKeys.Select(k => (k.BackupId, Envelope.Seal(wrapping, k.Key, Associated(tenant, k.BackupId))))], cancellationToken);
        await BackupKeyRows.RemoveFormerAsync(transaction, tenant, made.Version, cancellationToken);
        foreach (var (_, key) in dataKeys)
            CryptographicOperations.ZeroMemory(key);
        return new(made, rows.Count);
    }

    /// <summary>Wraps the next backup key again that another master key than the active one wraps. The caller commits.</summary>
    /// <param name="transaction">Fenced, because an attempt that is over may wrap with a master key that was replaced since.</param>
    /// <param name="after">The key that was tried before; null for the first one.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>The key that was tried, and why it could not be opened; null when there is none.</returns>
    public async Task<RewrappedBackupKey?> RewrapNextAsync(NpgsqlTransaction transaction, BackupKeyRow? after, CancellationToken cancellationToken)
    {
        if (await BackupKeyRows.NextOfOtherMasterAsync(transaction, masters.Active, after, cancellationToken) is not { } row)
            return null;
        try
        {
            var tenant = new TenantId(row.TenantId);
            await BackupKeyRows.RewrapAsync(transaction, row, masters.Active, masters.Wrap(tenant, Unwrap(tenant, row), Purpose(row.Version)), cancellationToken);
            return new(row, null);
        }
        catch (SealingException error)
        {
            return new(row, error.Message);
        }
    }

    private async Task<BackupKeyRow> MakeAsync(LeasedTransaction transaction, TenantId tenant, int version, Guid? rotation, CancellationToken cancellationToken)
    {
        var made = RandomNumberGenerator.GetBytes(SealingOptions.KeyBytes);
        var row = await BackupKeyRows.AddAsync(transaction, tenant, version, masters.Active, masters.Wrap(tenant, made, Purpose(version)), rotation, cancellationToken);
        CryptographicOperations.ZeroMemory(made);
        return row;
    }

    private byte[] Open(TenantId tenant, DataKeyRow row) =>
        Envelope.TryOpen(Unwrap(tenant, row.Wrapping), row.Wrapped, Associated(tenant, row.BackupId), out var key) == EnvelopeResult.Opened
            ? key
            : throw new SealingException($"The wrapped key of backup {row.BackupId} of tenant {tenant} was changed after it was written.");

    private byte[] Unwrap(TenantId tenant, BackupKeyRow row) => masters.Unwrap(tenant, row.MasterKeyId, row.Wrapped, Purpose(row.Version));

    // A key that was exchanged for another version's does not open.
    private static string Purpose(int version) => FormattableString.Invariant($"backup key {version}");

    private static byte[] Associated(TenantId tenant, Guid backup) =>
        [.. tenant.Value.ToByteArray(bigEndian: true), .. "backup data key"u8, .. backup.ToByteArray(bigEndian: true)];
}

/// <param name="Key">The key, as it was.</param>
/// <param name="Failure">Why it could not be opened; null when it is wrapped again.</param>
internal sealed record RewrappedBackupKey(BackupKeyRow Key, string? Failure);

/// <param name="Key">The newest version.</param>
/// <param name="Backups">How many backups' keys it wraps.</param>
internal sealed record RotatedBackupKey(BackupKeyRow Key, int Backups);
