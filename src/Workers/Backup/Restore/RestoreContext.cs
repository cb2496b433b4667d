using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Tenancy.Sealing;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Workers.Backup.Restore;

/// <summary>What the steps of a restore share.</summary>
internal static class RestoreContext
{
    public static Guid BackupOf(StepContext context) => context.Input<RestoreWish>().BackupId;

    /// <summary>The database that the operation makes. Nobody else's begins like this.</summary>
    public static string DatabaseOf(Guid operation) => $"restored_{operation:n}";

    public static ManifestPart Rows(BackupManifest manifest) => manifest.Parts.Single(p => p.Name == PartNames.Rows);

    public static RowsDetails Details(ManifestPart rows) => rows.Details.Deserialize<RowsDetails>(Json.Options)!;

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

/// <summary>The backup that a command names.</summary>
internal sealed record RestoreWish(Guid BackupId);
