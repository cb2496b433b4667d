using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Registry.Backups;
using Saga.Tenancy.Sealing;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Keys;

namespace Saga.Workers.Backup;

/// <summary>
/// Reads complete backups: what they consist of, whether their files are what was written, and the parts themselves. What the store has lost is
/// read from the copy. Thread-safe.
/// </summary>
internal sealed class BackupReader(BackupStore store, IBackupFiles files, BackupCopy copy, BackupKeys keys)
{
    private const int BufferBytes = 1024 * 1024;

    /// <summary>The manifest, after its file was checked against the registry.</summary>
    /// <exception cref="BackupDamagedException">The backup is not complete, its file is missing or was changed, or a newer program wrote it.</exception>
    public async Task<BackupManifest> OpenAsync(Guid backup, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(backup, cancellationToken) is not { State: BackupState.Completed, Manifest: { } stored })
            throw new BackupDamagedException($"There is no complete backup {backup}.");
        await using var file = (await OpenAsync(stored.File, cancellationToken)).Content;
        var content = await StoreReads.ReadAllAsync(file, cancellationToken);
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(stored.Sha256))
            throw Changed(stored.File);
        var manifest = JsonSerializer.Deserialize<BackupManifest>(content, Json.Options)!;
        return manifest.Format == BackupManifest.CurrentFormat ? manifest : throw new BackupDamagedException(
            $"Backup {backup} has version {manifest.Format} of the manifest, and this program reads version {BackupManifest.CurrentFormat}: use a newer program.");
    }

    /// <summary>Reads the whole file of a part and compares its length and checksum. It needs no key.</summary>
    /// <param name="part">The part.</param>
    /// <param name="progressed">Called with the number of bytes that were read.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>Whether it was read from the copy, because the store has lost it.</returns>
    /// <exception cref="BackupDamagedException">The file is missing or was changed.</exception>
    public async Task<bool> VerifyAsync(ManifestPart part, Action<long>? progressed, CancellationToken cancellationToken)
    {
        var (opened, isCopy) = await OpenAsync(part.File, cancellationToken);
        await using var file = opened;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        var bytes = 0L;
        while (await StoreReads.ReadAsync(file, buffer, cancellationToken) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            bytes += read;
            progressed?.Invoke(bytes);
        }

        if (bytes != part.Bytes || Convert.ToHexStringLower(hash.GetHashAndReset()) != part.Sha256)
            throw Changed(part.File);
        return isCopy;
    }

    /// <summary>The decrypted content of a part. What it returns was authenticated; a part that was changed or cut short throws when that is reached.</summary>
    /// <exception cref="BackupDamagedException">The file is missing, or is no part of a backup.</exception>
    /// <exception cref="SealingException">The backup's key was destroyed, or the master key is missing.</exception>
    public async Task<Stream> OpenPartAsync(TenantId tenant, Guid backup, ManifestPart part, CancellationToken cancellationToken)
    {
        var key = await keys.OpenAsync(tenant, backup, cancellationToken);
        var file = (await OpenAsync(part.File, cancellationToken)).Content;
        try
        {
            return await PartReader.OpenAsync(file, key, backup, part.Name, cancellationToken);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private async Task<(Stream Content, bool IsCopy)> OpenAsync(string file, CancellationToken cancellationToken) =>
        await files.OpenAsync(file, cancellationToken) is { } content
            ? (content, false)
            : (await copy.OpenAsync(file, cancellationToken) ?? throw Missing(file), true);

    private static BackupDamagedException Missing(string file) => new($"The file {file} of the backup is missing.");

    private static BackupDamagedException Changed(string file) => new($"The file {file} of the backup was changed after it was written: its checksum is another one.");
}
