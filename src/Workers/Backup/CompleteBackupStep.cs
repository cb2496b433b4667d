using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Workers.Backup.Format;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup;

/// <summary>Reads every part back and compares its checksum, writes the manifest, and makes the backup a complete one.</summary>
internal sealed class CompleteBackupStep(BackupParts parts, LeasedTransactions leases, BackupStore store, BackupReader reader, RegistryNotifier notifier) : BackupStep(parts, leases)
{
    private static readonly string[] Always = [PartNames.Rows, PartNames.Settings, PartNames.Objects];

    private static readonly JsonSerializerOptions Readable = new(Json.Options) { WriteIndented = true };

    public override string Name => StepNames.CompleteBackup;

    protected override bool WritesParts => false;

    protected override async Task<object?> WriteAsync(StepContext context, BegunBackup begun, CancellationToken cancellationToken)
    {
        var backup = (await store.FindAsync(begun.Id, cancellationToken))!;
        // An earlier attempt completed it, and its answer was lost.
        if (backup.Manifest is { } known)
            return Output(backup.Id, backup.Bytes!.Value, known.Sha256);
        await Parts.RemoveAsync(context, backup.Id, cancellationToken);
        var manifest = ManifestOf(context, backup, await store.PartsAsync(backup.Id, cancellationToken));
        await VerifyAsync(context, manifest, cancellationToken);

        var content = JsonSerializer.SerializeToUtf8Bytes(manifest, Readable);
        var file = await Parts.WritePlainAsync(context, backup.Id, "manifest.json", content, cancellationToken);
        var sha256 = SHA256.HashData(content);
        var bytes = manifest.Parts.Sum(p => p.Bytes);
        await using var transaction = await Leases.BeginAsync(context.Lease, cancellationToken);
        if (await BackupRows.CompleteAsync(transaction, backup.Id, new(JsonElement.Parse(content), file, sha256), bytes, cancellationToken) is { } at)
        {
            await AuditLog.WriteAsync(transaction, AuditActions.BackupComplete, context.TenantId, context.OperationId, cancellationToken);
            await transaction.CommitAsync(
                [OutboxWriter.PublishCommand(new TenantBackedUp
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    BackupId = backup.Id,
                    Bytes = bytes,
                    SnapshotAt = manifest.SnapshotAt,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
            BackupTelemetry.Completed.Add(1);
        }

        return Output(backup.Id, bytes, sha256);
    }

    private async Task VerifyAsync(StepContext context, BackupManifest manifest, CancellationToken cancellationToken)
    {
        var total = manifest.Parts.Sum(p => p.Bytes);
        var done = 0L;
        foreach (var part in manifest.Parts)
        {
            try
            {
                await reader.VerifyAsync(part, bytes => context.Report(done + bytes, total, "bytes", $"reading back {part.Name}"), cancellationToken);
            }
            catch (BackupDamagedException error)
            {
                throw StepFailureException.Permanent("backup-damaged", error.Message, "Check the object store, then send the command again.", SystemNames.S3, error);
            }

            done += part.Bytes;
        }
    }

    private static BackupManifest ManifestOf(StepContext context, Registry.Backups.Backup backup, IReadOnlyList<BackupPart> written)
    {
        var needed = backup.IncludesObjects ? Always.Append(PartNames.Contents) : Always;
        if (needed.FirstOrDefault(n => written.All(p => p.Name != n)) is { } missing || backup.SnapshotAt is null)
        {
            throw StepFailureException.Permanent(
                "backup-incomplete", $"Backup {backup.Id} lacks a part, because a step of it was skipped.", "Retry the operation from the step that was skipped.");
        }

        return new()
        {
            Format = BackupManifest.CurrentFormat,
            BackupId = backup.Id,
            TenantId = backup.TenantId,
            Slug = backup.Slug,
            Plan = context.Tenant.Plan,
            Tier = backup.Tier,
            OperationId = backup.OperationId,
            RequestedBy = backup.RequestedBy,
            Note = backup.Note,
            StartedAt = backup.StartedAt,
            SnapshotAt = backup.SnapshotAt.Value,
            SchemaVersion = backup.SchemaVersion,
            IncludesObjects = backup.IncludesObjects,
            SagaVersion = typeof(BackupManifest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            Parts = [.. written.Select(ManifestPart.Of)],
        };
    }

    private static object Output(Guid backup, long bytes, byte[] sha256) => new { BackupId = backup, Bytes = bytes, ManifestSha256 = Convert.ToHexStringLower(sha256) };
}
