using Npgsql;
using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Tenancy.Sealing;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Database;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Workers.Backup.Restore;

/// <summary>What the steps of a restore share.</summary>
internal static class RestoreContext
{
    /// <summary>The backup that the command names.</summary>
    public static Guid BackupOf(StepContext context) => context.Input<RestoreWish>().BackupId
        ?? throw new InvalidOperationException($"The command of operation {context.OperationId} names no backup.");

    /// <summary>The backup that the command names, or otherwise the one that its own operation has made.</summary>
    public static async Task<Guid> BackupOfAsync(StepContext context, BackupStore backups, CancellationToken cancellationToken) => context.Input<RestoreWish>().BackupId
        ?? await backups.FindOfAsync(context.OperationId, cancellationToken)
        ?? throw StepFailureException.Permanent(
            "backup-not-begun", $"Operation {context.OperationId} has not begun a backup.", "Retry the operation from the step backup.begin.");

    /// <summary>The version to which the command brings what is restored; null when it names none.</summary>
    public static int? VersionOf(StepContext context) => context.Input<RestoreWish>().TargetVersion;

    /// <summary>The database that the operation makes. Nobody else's begins like this.</summary>
    public static string DatabaseOf(Guid operation) => $"restored_{operation:n}";

    public static ManifestPart Rows(BackupManifest manifest) => manifest.Parts.Single(p => p.Name == PartNames.Rows);

    public static RowsDetails Details(ManifestPart rows) => rows.Details.Deserialize<RowsDetails>(Json.Options)!;

    /// <summary>
    /// The same for what writes the copy. A rehearsal for which the server has no room is given up at once, and not when somebody has made room, because
    /// what it has written takes that from the tenants. A restore waits, as other operations do.
    /// </summary>
    public static async Task<T> WritingAsync<T>(StepContext context, Func<Task<T>> write)
    {
        try
        {
            return await ReadingAsync(write);
        }
        catch (StepFailureException error) when (VersionOf(context) is not null && LacksRoom(error))
        {
            throw StepFailureException.Permanent(
                "no-room", $"Database server '{DatabaseStep.PlacementOf(context.Tenant).Place.Server}' has no room for the copy of tenant '{context.Tenant.Slug}': {error.Failure.Message}",
                "Make room on the server, then resume the batch or send the command again.", cause: error);
        }
    }

    // pg_restore says in words what its server answered.
    private static bool LacksRoom(StepFailureException error) => error.InnerException is PostgresException { SqlState: PostgresErrorCodes.DiskFull }
        || (error.Failure.Code == "pg-restore-failed" && error.Failure.Message.Contains("No space left on device", StringComparison.Ordinal));

    /// <summary>Throws what the store and the keys throw as step failures.</summary>
    public static async Task<T> ReadingAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (BackupDamagedException error)
        {
            throw StepFailureException.Permanent("backup-damaged", error.Message, "Restore another backup.", SystemNames.S3, error);
        }
        catch (SealingException error)
        {
            throw StepFailureException.Permanent("backup-key", error.Message, "Restore the key that the message names, then replay the step.", cause: error);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }
}

/// <summary>What a command says about what it restores. Commands of several kinds have these members.</summary>
internal sealed record RestoreWish(Guid? BackupId = null, int? TargetVersion = null);
