namespace Saga.Contracts;

/// <summary>
/// The names of the endpoints that others may send to. They never change. On RabbitMQ each is an exchange, and the queue behind it
/// has a versioned name, because the arguments of an existing queue cannot be changed.
/// </summary>
public static class Endpoints
{
    /// <summary>Takes lifecycle commands, such as <see cref="Commands.ProvisionTenant"/>.</summary>
    public const string Commands = "saga-commands";

    /// <summary>Takes <see cref="Commands.AdoptTenant"/>.</summary>
    public const string Adoptions = "saga-commands-adopt";

    /// <summary>Takes <see cref="Commands.MigrateTenant"/>.</summary>
    public const string MigrateCommands = "saga-commands-migrate";

    /// <summary>Takes <see cref="Commands.RevertMove"/>.</summary>
    public const string RevertCommands = "saga-commands-revert";

    /// <summary>Takes <see cref="Commands.RemoveCopy"/>.</summary>
    public const string RemoveCopyCommands = "saga-commands-remove-copy";

    /// <summary>Takes the messages that advance an operation: step results and due timers.</summary>
    public const string Operations = "saga-operations";

    /// <summary>
    /// Takes orders about running operations, such as cancellations. It is separate from <see cref="Operations"/>, because orchestrators of
    /// an earlier version read that queue and do not know them.
    /// </summary>
    public const string Orders = "saga-orders";

    /// <summary>Takes <see cref="Commands.SuspendTenant"/>.</summary>
    public const string Suspensions = "saga-commands-suspend";

    /// <summary>Takes <see cref="Commands.ReactivateTenant"/>.</summary>
    public const string Reactivations = "saga-commands-reactivate";

    /// <summary>Takes <see cref="Commands.UpdateTenant"/>.</summary>
    public const string Updates = "saga-commands-update";
    /// <summary>Takes <see cref="Commands.DeprovisionTenant"/>.</summary>
    public const string Deprovisions = "saga-commands-deprovision";

    /// <summary>Takes <see cref="Commands.CancelDeprovisioning"/>.</summary>
    public const string DeprovisionCancellations = "saga-commands-deprovision-cancel";

    /// <summary>Takes <see cref="Commands.RemoveTenant"/>, and refuses it: only a schedule may send it.</summary>
    public const string Removals = "saga-commands-remove";

    /// <summary>Takes <see cref="Commands.LinkDomains"/>.</summary>
    public const string Domains = "saga-commands-domains";

    /// <summary>Takes <see cref="Commands.SetConfig"/>.</summary>
    public const string Config = "saga-commands-config";

    /// <summary>Takes <see cref="Commands.BackupTenant"/>.</summary>
    public const string Backups = "saga-commands-backup";

    /// <summary>Takes <see cref="Commands.RestoreTenant"/>.</summary>
    public const string Restores = "saga-commands-restore";

    /// <summary>Takes <see cref="Commands.RemoveRestored"/>.</summary>
    public const string RestoredRemovals = "saga-commands-remove-restored";
    /// <summary>Takes <see cref="Commands.DrillBackup"/>.</summary>
    public const string BackupDrills = "saga-commands-drill-backup";

    /// <summary>Takes <see cref="Commands.ExpireBackups"/>.</summary>
    public const string BackupExpiries = "saga-commands-expire-backups";
    /// <summary>Takes <see cref="Commands.DestroyBackups"/>, and refuses it: only a schedule may send it.</summary>
    public const string BackupDestructions = "saga-commands-destroy-backups";

    /// <summary>Takes <see cref="Commands.BackUpRegistry"/>.</summary>
    public const string RegistryBackups = "saga-commands-backup-registry";

    /// <summary>Takes <see cref="Commands.ExpireRegistryBackups"/>.</summary>
    public const string RegistryBackupExpiries = "saga-commands-expire-registry-backups";

    /// <summary>Takes <see cref="Commands.ScanDrift"/>.</summary>
    public const string DriftScans = "saga-commands-scan-drift";

    /// <summary>Takes <see cref="Commands.RepairDrift"/>.</summary>
    public const string DriftRepairs = "saga-commands-repair-drift";

    /// <summary>Takes <see cref="Commands.ReleaseQuarantined"/>.</summary>
    public const string QuarantineReleases = "saga-commands-release-quarantined";

    /// <summary>Takes <see cref="Commands.RemoveQuarantined"/>, and refuses it: only a schedule may send it.</summary>
    public const string QuarantineRemovals = "saga-commands-remove-quarantined";

    /// <summary>Takes <see cref="Commands.CopyBackup"/>.</summary>
    public const string BackupCopies = "saga-commands-copy-backup";

    /// <summary>Takes <see cref="Commands.ExportTenant"/>.</summary>
    public const string Exports = "saga-commands-export";

    /// <summary>Takes <see cref="Commands.RemoveExport"/>.</summary>
    public const string ExportRemovals = "saga-commands-remove-export";

    /// <summary>Takes <see cref="Commands.VerifyTenant"/>.</summary>
    public const string Verifications = "saga-commands-verify";

    /// <summary>Takes <see cref="Commands.RotateCredentials"/>.</summary>
    public const string Rotations = "saga-commands-rotate-credentials";

    /// <summary>Takes <see cref="Commands.RotateMasterKey"/>.</summary>
    public const string MasterKeyRotations = "saga-commands-rotate-master-key";

    /// <summary>Takes <see cref="Commands.CancelOperation"/>.</summary>
    public const string Cancellations = "saga-commands-cancel";

    /// <summary>Takes <see cref="Commands.ReplayOperation"/>.</summary>
    public const string Replays = "saga-commands-replay";

    /// <summary>Takes <see cref="Commands.RunBatch"/>.</summary>
    public const string Batches = "saga-commands-batch";

    /// <summary>Takes <see cref="Commands.UpgradePlace"/>.</summary>
    public const string Upgrades = "saga-commands-upgrade";

    /// <summary>Takes <see cref="Commands.RehearseUpgrade"/>.</summary>
    public const string UpgradeRehearsals = "saga-commands-rehearse-upgrade";

    /// <summary>Takes messages that could not be consumed: <see cref="DeadLetters.DeadLetter"/>.</summary>
    public const string DeadLetters = "saga-dead-letters";

    // A change of a queue's arguments needs a new suffix. Messages move from the old queues to the new ones, and the old queues are deleted.
    private const string Version = ".v2";

    private const string WorkerPrefix = "saga-worker-";

    /// <summary>The queue of the worker of one resource, such as <c>saga-worker-database</c>.</summary>
    public static string Worker(string resource) => WorkerPrefix + resource;

    /// <summary>The queue of the same worker's compensations, such as <c>saga-worker-database-undo</c>. It is separate so that they do not wait behind steps.</summary>
    public static string WorkerUndo(string resource) => $"{WorkerPrefix}{resource}-undo";

    /// <summary>Whether steps are sent to the queue.</summary>
    public static bool IsWorker(string queue) => queue.StartsWith(WorkerPrefix, StringComparison.Ordinal);

    /// <summary>The current queue of an endpoint on RabbitMQ, such as <c>saga-commands.v2</c>.</summary>
    public static string QueueOf(string endpoint) => endpoint + Version;

    /// <summary>The endpoint that a queue belongs to, whatever its version.</summary>
    public static string OfQueue(string queue) => queue.EndsWith(Version, StringComparison.Ordinal) ? queue[..^Version.Length] : queue;
}
