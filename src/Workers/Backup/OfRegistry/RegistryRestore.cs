using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts;
using Saga.Registry;
using Saga.Registry.Recovery;
using Saga.Registry.Schema;
using Saga.Tenancy.Objects;
using Saga.Tenancy.Sealing;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Tools;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Backup.OfRegistry;

/// <summary>
/// Restores the registry from the object store and the master keys alone, into an empty database. Everything is checked before anything is written,
/// and a restore that fails leaves the database as empty as it was.
/// </summary>
public sealed class RegistryRestore
{
    private readonly RegistryBackupFiles files;
    private readonly BackupReader reader;
    private readonly MasterKeys masters;
    private readonly PostgresTools tools;
    private readonly RegistryRecovery recovery;
    private readonly RegistryMigrator migrator;
    private readonly NpgsqlConnectionStringBuilder target;
    private readonly RegistryRestoreOptions options;

    internal RegistryRestore(
        RegistryBackupFiles files, BackupReader reader, MasterKeys masters, PostgresTools tools, RegistryRecovery recovery, RegistryMigrator migrator,
        string target, RegistryRestoreOptions options)
    {
        (this.files, this.reader, this.masters, this.tools) = (files, reader, masters, tools);
        (this.recovery, this.migrator, this.target, this.options) = (recovery, migrator, new(target), options);
    }

    /// <summary>From a host's whole configuration. The provider is the caller's to dispose.</summary>
    public static RegistryRestore Of(IServiceProvider services, IConfiguration configuration) => new(
        services.GetRequiredService<RegistryBackupFiles>(), services.GetRequiredService<BackupReader>(), services.GetRequiredService<MasterKeys>(),
        services.GetRequiredService<PostgresTools>(), new(services.GetRequiredService<NpgsqlDataSource>()), services.GetRequiredService<RegistryMigrator>(),
        services.GetRequiredService<IOptions<RegistryOptions>>().Value.ConnectionString,
        configuration.GetSection(RegistryRestoreOptions.Section).Get<RegistryRestoreOptions>() ?? new());

    /// <summary>What is in the store, in words, the oldest first.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) =>
    [
        .. (await ManifestsAsync(cancellationToken)).Select(m => m.Manifest).Select(m => string.Create(
            CultureInfo.InvariantCulture,
            $"{m.BackupId}  {m.SnapshotAt.UtcDateTime:u}  {m.Parts.Sum(p => p.Bytes)} bytes  schema {m.SchemaVersion}  master keys {string.Join(", ", m.MasterKeyIds)}")),
    ];

    /// <param name="say">Takes lines for people.</param>
    /// <param name="cancellationToken">Ends the restore.</param>
    /// <exception cref="RegistryRestoreException">It was refused or failed, and the database is empty.</exception>
    public async Task RunAsync(Action<string> say, CancellationToken cancellationToken)
    {
        try
        {
            await RestoreAsync(say, cancellationToken);
        }
        catch (Exception error) when (error is BackupDamagedException or SealingException or ObjectStoreException or InvalidOperationException or RegistryNotMigratedException)
        {
            throw new RegistryRestoreException($"The registry was not restored: {error.Message}", error);
        }
        catch (StepFailureException error)
        {
            throw new RegistryRestoreException($"The registry was not restored: {error.Failure.Message}", error);
        }
        catch (NpgsqlException error)
        {
            throw new RegistryRestoreException($"{RegistryOptions.Section}:ConnectionString: {error.Message}", error);
        }
    }

    private async Task RestoreAsync(Action<string> say, CancellationToken cancellationToken)
    {
        if (await recovery.TablesAsync(cancellationToken) is { Count: > 0 } tables)
        {
            throw new RegistryRestoreException(
                $"The database of {RegistryOptions.Section}:ConnectionString is not empty: it has {tables.Count} tables, such as {tables[0]}. Create an empty database, owned by this user, and name it there.");
        }

        var stored = await FindAsync(cancellationToken);
        var manifest = stored.Manifest;
        Require(manifest);
        var key = masters.UnwrapForRegistry(manifest.BackupId, manifest.Key!.MasterKeyId, manifest.Key.Wrapped);
        var tool = await ToolAsync(cancellationToken);
        var part = manifest.Parts[0];
        say($"Reading backup {manifest.BackupId}, which has the registry of {manifest.SnapshotAt.UtcDateTime:u}.");
        await reader.VerifyAsync(part, null, cancellationToken);
        var recovered = await WriteAsync(stored, key, tool, cancellationToken);
        say(string.Create(CultureInfo.InvariantCulture,
            $"The registry is restored, as it was at {manifest.SnapshotAt.UtcDateTime:u}: {recovered.Tenants} tenants, {recovered.Operations} operations that go on when the programs start, of which {recovered.Leases} attempts begin again."));
        say(string.Create(CultureInfo.InvariantCulture, $"{recovered.Scheduled} scheduled commands wait {options.HoldHours} hours: cancel those that shall not run (GET /api/v1/scheduled)."));
        say("What was accepted after that time is lost. docs/registry-recovery.md says what to compare before programs start.");
    }

    // Until the last step the registry has the leases and schedules of before, and programs that started on it would act on them.
    private async Task<RecoveredRegistry> WriteAsync(StoredRegistryManifest stored, byte[] key, PostgresTool tool, CancellationToken cancellationToken)
    {
        var (manifest, part) = (stored.Manifest, stored.Manifest.Parts[0]);
        try
        {
            await using (var dump = await files.OpenAsync(manifest.BackupId, part, key, cancellationToken))
                await PgRestore.RunOnRegistryAsync(tool, target, dump, _ => { }, cancellationToken);
            await CompareAsync(part, cancellationToken);
            await migrator.MigrateAsync(cancellationToken);
            return await recovery.FinishAsync(
                manifest.BackupId, new(JsonSerializer.SerializeToElement(manifest with { Key = null }, Json.Options), stored.File, SHA256.HashData(stored.Content)), part.Bytes,
                TimeSpan.FromHours(options.HoldHours), cancellationToken);
        }
        catch (Exception failure)
        {
            await DropAsync(failure);
            throw;
        }
    }

    private async Task DropAsync(Exception failure)
    {
        try
        {
            await recovery.DropAsync(CancellationToken.None);
        }
        catch (NpgsqlException error)
        {
            throw new RegistryRestoreException(
                $"The registry was not restored: {failure.Message} What was written could not be dropped: {error.Message} Drop the database of {RegistryOptions.Section}:ConnectionString before any program starts.",
                new AggregateException(failure, error));
        }
    }

    private async Task<StoredRegistryManifest> FindAsync(CancellationToken cancellationToken)
    {
        var all = await ManifestsAsync(cancellationToken);
        var found = options.Backup != RegistryRestoreOptions.Newest ? all.FirstOrDefault(m => m.Manifest.BackupId.ToString() == options.Backup) : all.Count > 0 ? all[^1] : null;
        return found ?? throw new RegistryRestoreException(all.Count == 0
            ? "The object store has no backup of the registry. Check Saga:Storage and Saga:Backups: they must be those with which it was made."
            : $"The object store has no backup of the registry with the id '{options.Backup}'. {RegistryRestoreOptions.Section}:Backup must be {RegistryRestoreOptions.Newest}, or one of: {string.Join(", ", all.Select(m => m.Manifest.BackupId))}.");
    }

    private async Task<IReadOnlyList<StoredRegistryManifest>> ManifestsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await files.ManifestsAsync(cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw new RegistryRestoreException($"The object store cannot be read: {error.Message}", error);
        }
    }

    private void Require(RegistryManifest manifest)
    {
        if (manifest.Format > RegistryManifest.CurrentFormat || manifest.SchemaVersion > RegistryMigrator.NewestVersion)
        {
            throw new RegistryRestoreException(string.Create(CultureInfo.InvariantCulture,
                $"Backup {manifest.BackupId} is newer than this program: it has schema {manifest.SchemaVersion} of Saga {manifest.SagaVersion}, and this program knows {RegistryMigrator.NewestVersion}. Use that version or a newer one."));
        }

        if (manifest.Key is null || manifest.Parts.Count != 1)
            throw new RegistryRestoreException($"The manifest of backup {manifest.BackupId} is damaged: it has no key or no dump. Choose another backup.");
        if (manifest.MasterKeyIds.Append(manifest.Key.MasterKeyId).Distinct(StringComparer.Ordinal).Where(id => !masters.Has(id)).ToList() is { Count: > 0 } missing)
        {
            throw new RegistryRestoreException(
                $"Backup {manifest.BackupId} needs master keys that are not configured: {string.Join(", ", missing)}. Set {string.Join(" and ", missing.Select(id => $"{SealingOptions.Section}:MasterKeys:{id}"))}; without them its keys, and so the tenants' secrets and backups, cannot be read.");
        }
    }

    private async Task<PostgresTool> ToolAsync(CancellationToken cancellationToken)
    {
        var version = await recovery.ServerVersionAsync(cancellationToken);
        var tool = await tools.FindAsync(PostgresTools.Restore, cancellationToken);
        return PostgresTools.Refusal(PostgresTools.Restore, tool, "registry", version) is { } refusal
            ? throw new RegistryRestoreException($"{refusal} {PostgresTools.Remedy(version)}")
            : tool!;
    }

    private async Task CompareAsync(ManifestPart part, CancellationToken cancellationToken)
    {
        var actual = await recovery.CountAsync(cancellationToken);
        var different = part.Counts.Keys.Union(actual.Keys, StringComparer.Ordinal).Where(t => part.Counts.GetValueOrDefault(t, -1) != actual.GetValueOrDefault(t, -1)).Order(StringComparer.Ordinal).ToList();
        if (different.Count == 0)
            return;
        var table = different[0];
        throw new RegistryRestoreException(string.Create(CultureInfo.InvariantCulture,
            $"What was restored is not what the manifest says: {table} has {actual.GetValueOrDefault(table)} rows and should have {part.Counts.GetValueOrDefault(table)}. It was dropped again. Choose another backup."));
    }
}
