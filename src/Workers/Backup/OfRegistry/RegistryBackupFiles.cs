using System.Globalization;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Format;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.OfRegistry;

/// <summary>The files of backups of the registry. A name has the attempt's fence, so a late attempt never changes a file that counts. Thread-safe.</summary>
internal sealed class RegistryBackupFiles(IBackupFiles files, BackupCopy copy)
{
    // No tenant's folder, because those are named by ids.
    private const string Root = "registry";
    private const string ManifestName = "manifest.json";

    public TimeSpan LingersFor => files.LingersFor;

    public static string Folder(Guid backup) => $"{Root}/{backup}";

    public async Task<PartUpload> CreateAsync(StepContext context, Guid backup, string name, byte[] key, CancellationToken cancellationToken)
    {
        var file = FileName(context, backup, name);
        return new(context.Step, name, file, await files.CreateAsync(file, cancellationToken), key, backup);
    }

    /// <returns>The file's name.</returns>
    public async Task<string> WriteManifestAsync(StepContext context, Guid backup, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var file = FileName(context, backup, ManifestName);
        await using var upload = await files.CreateAsync(file, cancellationToken);
        await upload.WriteAsync(content, cancellationToken);
        await upload.CompleteAsync(cancellationToken);
        return file;
    }

    /// <summary>Removes what attempts of the step have written, complete or not.</summary>
    public Task RemoveAsync(StepContext context, Guid backup, CancellationToken cancellationToken) => files.RemoveAsync($"{Folder(backup)}/{context.Step}", cancellationToken);

    /// <summary>Removes all files of a backup. Those of its copy stay.</summary>
    public Task RemoveAllAsync(Guid backup, CancellationToken cancellationToken) => files.RemoveAsync(Folder(backup), cancellationToken);

    /// <inheritdoc cref="BackupCopy.TryRemoveAsync"/>
    public Task<Failure?> TryRemoveCopyAsync(Guid backup, CancellationToken cancellationToken) => copy.TryRemoveAsync(Folder(backup), cancellationToken);

    public async Task<bool> AnyAsync(Guid backup, CancellationToken cancellationToken) => (await files.ListAsync(Folder(backup), cancellationToken)).Count > 0;

    /// <summary>All manifests in the store and in the copy, the oldest backup first, of each backup the newest. What cannot be read is passed over.</summary>
    public async Task<IReadOnlyList<StoredRegistryManifest>> ManifestsAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<Guid, (long Fence, StoredRegistryManifest Manifest)>();
        var all = await files.ListAsync(Root, cancellationToken);
        if (copy.Files is not null)
            all = [.. all.Union(await copy.Files.ListAsync(Root, cancellationToken), StringComparer.Ordinal)];
        foreach (var file in all.Where(f => f.EndsWith($"-{ManifestName}", StringComparison.Ordinal)))
        {
            if (await ReadAsync(file, cancellationToken) is not { } manifest)
                continue;
            var name = file[(file.LastIndexOf('/') + 1)..];
            var fence = long.TryParse(name.AsSpan(0, name.IndexOf('-', StringComparison.Ordinal)), CultureInfo.InvariantCulture, out var number) ? number : 0;
            if (!found.TryGetValue(manifest.Manifest.BackupId, out var other) || other.Fence < fence)
                found[manifest.Manifest.BackupId] = (fence, manifest);
        }

        return [.. found.Values.Select(f => f.Manifest).OrderBy(m => m.Manifest.SnapshotAt).ThenBy(m => m.Manifest.BackupId)];
    }

    /// <summary>The decrypted content of a part.</summary>
    /// <exception cref="BackupDamagedException">The file is missing, or is no part of the backup.</exception>
    public async Task<Stream> OpenAsync(Guid backup, ManifestPart part, byte[] key, CancellationToken cancellationToken)
    {
        var file = await files.OpenAsync(part.File, cancellationToken) ?? await copy.OpenAsync(part.File, cancellationToken) ?? throw new BackupDamagedException($"The file {part.File} of the backup is missing.");
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

    private async Task<StoredRegistryManifest?> ReadAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = await files.OpenAsync(file, cancellationToken) ?? await copy.OpenAsync(file, cancellationToken);
        if (stream is null)
            return null;
        var content = await StoreReads.ReadAllAsync(stream, cancellationToken);
        try
        {
            return JsonSerializer.Deserialize<RegistryManifest>(content, Json.Options) is { } manifest ? new(manifest, file, content) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string FileName(StepContext context, Guid backup, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{Folder(backup)}/{context.Step}/{context.Lease.Fence}-{name}");
}

/// <param name="Manifest">The manifest.</param>
/// <param name="File">Its file.</param>
/// <param name="Content">The file's content.</param>
internal sealed record StoredRegistryManifest(RegistryManifest Manifest, string File, byte[] Content);
