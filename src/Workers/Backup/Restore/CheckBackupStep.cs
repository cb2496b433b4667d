using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>Refuses a backup that cannot be restored, before anything is written: another tenant's, one whose files were changed, one from a newer product or a newer PostgreSQL.</summary>
internal sealed class CheckBackupStep(BackupReader reader, BackupStore backups, ProductMigrations product, BackupServerCheck server) : IStep
{
    public string Name => StepNames.CheckBackup;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [.. SystemNames.PostgreSql(tenant), SystemNames.S3];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => RestoreContext.ReadingAsync(async () =>
    {
        var manifest = await reader.OpenAsync(await RestoreContext.BackupOfAsync(context, backups, cancellationToken), cancellationToken);
        if (manifest.TenantId != context.TenantId)
            throw Refused("backup-of-another-tenant", $"Backup {manifest.BackupId} is of tenant '{manifest.Slug}'.", "Restore a backup of the tenant itself.");
        if (manifest.SchemaVersion > product.Newest)
        {
            throw Refused(
                "backup-newer", FormattableString.Invariant($"Backup {manifest.BackupId} has version {manifest.SchemaVersion} of the product's schema, and the workers know versions up to {product.Newest}."),
                "Restart the workers with the newer product, then send the command again.");
        }

        // A deprovisioned tenant has no server yet. The step that creates a database there looks.
        if (context.Tenant.Placed is not null)
            await server.RequireAsync(context, manifest, cancellationToken);
        var (done, total) = (0L, manifest.Parts.Sum(p => p.Bytes));
        var fromCopy = new List<string>();
        foreach (var part in manifest.Parts)
        {
            if (await reader.VerifyAsync(part, bytes => context.Report(done + bytes, total, "bytes", $"checking {part.Name}"), cancellationToken))
                fromCopy.Add(part.Name);
            done += part.Bytes;
        }

        return (object?)new { manifest.BackupId, manifest.SnapshotAt, manifest.SchemaVersion, Bytes = total, FromCopy = fromCopy };
    });

    /// <summary>It only reads.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static StepFailureException Refused(string code, string message, string remedy) => StepFailureException.Permanent(code, message, remedy);
}
