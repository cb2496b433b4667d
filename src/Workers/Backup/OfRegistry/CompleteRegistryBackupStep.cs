using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Backup.Format;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.OfRegistry;

/// <summary>Reads the dump back and compares its checksum, writes the manifest, and makes the backup a complete one.</summary>
internal sealed class CompleteRegistryBackupStep(
    RegistryBackupFiles files, LeasedTransactions leases, RegistryBackupStore store, BackupReader reader, RegistryNotifier notifier) : RegistryBackupStep(files, leases)
{
    private static readonly JsonSerializerOptions Readable = new(Json.Options) { WriteIndented = true };

    public override string Name => StepNames.CompleteRegistryBackup;

    protected override async Task<object?> WriteAsync(StepContext context, BegunRegistryBackup begun, CancellationToken cancellationToken)
    {
        var backup = (await store.FindAsync(begun.Id, cancellationToken))!;
        await Files.RemoveAsync(context, backup.Id, cancellationToken);
        var manifest = ManifestOf(backup, begun);
        var part = manifest.Parts[0];
        try
        {
            await reader.VerifyAsync(part, bytes => context.Report(bytes, part.Bytes, "bytes", "reading back the dump"), cancellationToken);
        }
        catch (BackupDamagedException error)
        {
            throw StepFailureException.Permanent("backup-damaged", error.Message, "Check the object store, then send the command again.", SystemNames.S3, error);
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(manifest, Readable);
        var file = await Files.WriteManifestAsync(context, backup.Id, content, cancellationToken);
        var stored = new StoredManifest(JsonSerializer.SerializeToElement(manifest with { Key = null }, Json.Options), file, SHA256.HashData(content));
        await using var transaction = await Leases.BeginAsync(context.Lease, cancellationToken);
        if (await RegistryBackupRows.CompleteAsync(transaction, backup.Id, stored, part.Bytes, cancellationToken) is { } at)
        {
            await AuditLog.WriteAsync(transaction, AuditActions.RegistryBackupComplete, context.OperationId, cancellationToken);
            await transaction.CommitAsync(
                [OutboxWriter.PublishCommand(new RegistryBackedUp
                {
                    BackupId = backup.Id,
                    Bytes = part.Bytes,
                    SnapshotAt = manifest.SnapshotAt,
                    MasterKeyIds = manifest.MasterKeyIds,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
            BackupTelemetry.RegistryCompleted.Add(1);
        }

        return new { BackupId = backup.Id, part.Bytes, ManifestSha256 = Convert.ToHexStringLower(stored.Sha256), manifest.MasterKeyIds };
    }

    private static RegistryManifest ManifestOf(RegistryBackup backup, BegunRegistryBackup begun) =>
        backup is { Part: { } part, SnapshotAt: { } at, SchemaVersion: { } version } && begun is { MasterKeyId: { } master, WrappedKey: { } wrapped }
            ? new()
            {
                Format = RegistryManifest.CurrentFormat,
                BackupId = backup.Id,
                OperationId = backup.OperationId,
                RequestedBy = backup.RequestedBy,
                Note = backup.Note,
                StartedAt = backup.StartedAt,
                SnapshotAt = at,
                SchemaVersion = version,
                SagaVersion = typeof(RegistryManifest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
                MasterKeyIds = backup.MasterKeyIds,
                Key = new(master, wrapped),
                Parts = [ManifestPart.Of(part)],
            }
            : throw StepFailureException.Permanent(
                "backup-incomplete", $"Backup {backup.Id} has no dump, because a step of it was skipped.", "Retry the operation from the step registryBackup.dump.");
}
