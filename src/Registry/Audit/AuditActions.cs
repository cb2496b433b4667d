using Saga.Engine.Waits;
using Saga.Registry.Batches;
using Saga.Registry.Schedule;

namespace Saga.Registry.Audit;

/// <summary>The actions in the audit log, as object and verb. They are public and stored, so a name must never change its meaning.</summary>
public static class AuditActions
{
    /// <summary>The provisioning of a tenant was accepted.</summary>
    public const string TenantProvision = "tenant.provision";

    /// <summary>The adoption of an existing database or schema as a tenant was accepted.</summary>
    public const string TenantAdopt = "tenant.adopt";

    /// <summary>The suspension of a tenant was accepted.</summary>
    public const string TenantSuspend = "tenant.suspend";

    /// <summary>The reactivation of a tenant was accepted.</summary>
    public const string TenantReactivate = "tenant.reactivate";

    /// <summary>The deprovisioning of a tenant was accepted.</summary>
    public const string TenantDeprovision = "tenant.deprovision";

    /// <summary>The deprovisioning of a tenant was taken back.</summary>
    public const string DeprovisioningCancel = "deprovisioning.cancel";

    /// <summary>The removal of everything of a tenant was accepted, after its grace period.</summary>
    public const string TenantRemove = "tenant.remove";

    /// <summary>The removal of a tenant could no longer be cancelled.</summary>
    public const string RemovalBegin = "removal.begin";

    /// <summary>Nothing of a tenant was left, and its deletion certificate was written.</summary>
    public const string TenantCertify = "tenant.certify";

    /// <summary>The verification of a tenant was accepted.</summary>
    public const string TenantVerify = "tenant.verify";

    /// <summary>The rotation of a tenant's credentials was accepted.</summary>
    public const string CredentialsRotate = "credentials.rotate";

    /// <summary>Runtimes see a tenant's new credentials.</summary>
    public const string CredentialsSwitch = "credentials.switch";

    /// <summary>The rotation of the master key was accepted.</summary>
    public const string MasterKeyRotate = "masterKey.rotate";

    /// <summary>A tenant became active. Up to version 3b48fc0: <c>tenant-activated</c>.</summary>
    public const string TenantActivate = "tenant.activate";

    /// <summary>The provisioning of a tenant was undone. Up to version 3b48fc0: <c>tenant-provisioning-undone</c>.</summary>
    public const string TenantUndo = "tenant.undo";

    /// <summary>The migration of a tenant to another plan, tier or server was accepted.</summary>
    public const string TenantMigrate = "tenant.migrate";

    /// <summary>An update of a tenant was accepted.</summary>
    public const string TenantUpdate = "tenant.update";

    /// <summary>It was accepted that a tenant gets its own value for a setting or a feature.</summary>
    public const string ConfigSet = "config.set";

    /// <summary>An update of a tenant has taken effect everywhere.</summary>
    public const string TenantChange = "tenant.change";

    /// <summary>A tenant got another plan, or another version of its plan.</summary>
    public const string PlanChange = "plan.change";

    /// <summary>The backup of a tenant was accepted.</summary>
    public const string TenantBackup = "tenant.backup";

    /// <summary>A backup is complete.</summary>
    public const string BackupComplete = "backup.complete";

    /// <summary>A backup failed or was cancelled, and what it had written was removed.</summary>
    public const string BackupFail = "backup.fail";

    /// <summary>The drill of a backup was accepted.</summary>
    public const string BackupDrill = "backup.drill";

    /// <summary>A backup was restored and verified, to prove that it can be.</summary>
    public const string BackupProve = "backup.prove";

    /// <summary>The removal of backups whose time was over was accepted.</summary>
    public const string BackupsExpire = "backups.expire";

    /// <summary>The files of a backup are gone and its key is destroyed.</summary>
    public const string BackupExpire = "backup.expire";

    /// <summary>The removal of all backups of a tenant that is gone was accepted.</summary>
    public const string BackupsDestroy = "backups.destroy";

    /// <summary>The backup key of a tenant that is gone was destroyed.</summary>
    public const string BackupKeysDestroy = "backupKeys.destroy";

    /// <summary>The copy of a backup to the second place was accepted.</summary>
    public const string BackupCopy = "backup.copy";

    /// <summary>The backup of the registry was accepted.</summary>
    public const string RegistryBackup = "registry.backup";

    /// <summary>A scan for drift was accepted.</summary>
    public const string DriftScan = "drift.scan";

    /// <summary>A repair of differences that a scan had found was accepted.</summary>
    public const string DriftRepair = "drift.repair";

    /// <summary>The release of something from quarantine was accepted.</summary>
    public const string QuarantineRelease = "quarantine.release";

    /// <summary>The removal of something whose time in quarantine is over was accepted.</summary>
    public const string QuarantineRemove = "quarantine.remove";

    /// <summary>A backup of the registry is complete.</summary>
    public const string RegistryBackupComplete = "registryBackup.complete";

    /// <summary>A backup of the registry failed or was cancelled, and what it had written was removed.</summary>
    public const string RegistryBackupFail = "registryBackup.fail";

    /// <summary>The removal of backups of the registry whose time was over was accepted.</summary>
    public const string RegistryBackupsExpire = "registryBackups.expire";

    /// <summary>The files of a backup of the registry are gone and its key is destroyed.</summary>
    public const string RegistryBackupExpire = "registryBackup.expire";

    /// <summary>The registry was restored from a backup.</summary>
    public const string RegistryRestore = "registry.restore";

    /// <summary>A tenant got a schedule of backups of its own, or lost it.</summary>
    public const string BackupScheduleSet = "backupSchedule.set";

    /// <summary>The export of a tenant was accepted.</summary>
    public const string TenantExport = "tenant.export";

    /// <summary>An export can be downloaded.</summary>
    public const string ExportComplete = "export.complete";

    /// <summary>An export failed or was cancelled, and what it had written was removed.</summary>
    public const string ExportFail = "export.fail";

    /// <summary>Somebody got a link to an export's file.</summary>
    public const string ExportLink = "export.link";

    /// <summary>The removal of an export's file was accepted.</summary>
    public const string ExportRemove = "export.remove";

    /// <summary>A tenant's rows got another place.</summary>
    public const string TenantMove = "tenant.move";

    /// <summary>The revert of a tenant's last move was accepted.</summary>
    public const string TenantRevert = "tenant.revert";

    /// <summary>The removal of the kept copy of a tenant's rows was accepted.</summary>
    public const string CopyRemove = "copy.remove";

    /// <summary>A version of a plan was written, or its tenants' migration to it was ordered.</summary>
    public const string PlanPut = "plan.put";

    /// <summary>The restore of a tenant's backup was accepted.</summary>
    public const string TenantRestore = "tenant.restore";

    /// <summary>A backup was restored into a database of its own and verified.</summary>
    public const string RestoreComplete = "restore.complete";

    /// <summary>The removal of a restored database was accepted.</summary>
    public const string RestoredRemove = "restored.remove";

    /// <summary>A command was refused.</summary>
    public const string CommandRefuse = "command.refuse";

    /// <summary>Somebody cancelled an operation. Its history shows whether it still could be cancelled.</summary>
    public const string OperationCancel = "operation.cancel";

    /// <summary>An operator ordered a replay of a stalled operation. Its history shows whether it still could be carried out.</summary>
    public const string OperationReplay = "operation.replay";

    /// <summary>Somebody wrote a note on an operation.</summary>
    public const string OperationNote = "operation.note";

    /// <summary>A hold of a tenant was set or changed.</summary>
    public const string HoldSet = "hold.set";

    /// <summary>A hold of a tenant was lifted.</summary>
    public const string HoldLift = "hold.lift";

    /// <summary>A domain was claimed for a tenant.</summary>
    public const string DomainClaim = "domain.claim";

    /// <summary>A claim of a domain ended, because its control was not proved in time.</summary>
    public const string DomainExpire = "domain.expire";

    /// <summary>A domain was removed from a tenant.</summary>
    public const string DomainRemove = "domain.remove";

    /// <summary>It was accepted that a tenant's organisation gets the tenant's domains.</summary>
    public const string DomainLink = "domain.link";

    /// <summary>The control of a tenant's domain was proved.</summary>
    public const string DomainProve = "domain.prove";

    /// <summary>A person approved a step that waits.</summary>
    public const string OperationApprove = "operation.approve";

    /// <summary>A person rejected a step that waits.</summary>
    public const string OperationReject = "operation.reject";

    /// <summary>A signal for a step that waits, or will wait, was accepted.</summary>
    public const string OperationSignal = "operation.signal";

    /// <summary>An operator ended the wait of a step early.</summary>
    public const string WaitEnd = "wait.end";

    /// <summary>A command was scheduled for a time.</summary>
    public const string CommandSchedule = "command.schedule";

    /// <summary>A scheduled command was cancelled.</summary>
    public const string ScheduleCancel = "schedule.cancel";

    /// <summary>A scheduled command was ordered to run at once.</summary>
    public const string ScheduleRun = "schedule.run";

    /// <summary>A second person approved a scheduled command.</summary>
    public const string ScheduleApprove = "schedule.approve";

    /// <summary>A second person rejected a scheduled command.</summary>
    public const string ScheduleReject = "schedule.reject";

    /// <summary>The items of a batch were chosen.</summary>
    public const string BatchPrepare = "batch.prepare";

    /// <summary>The run of a batch was accepted.</summary>
    public const string BatchRun = "batch.run";

    /// <summary>Somebody paused a batch.</summary>
    public const string BatchPause = "batch.pause";

    /// <summary>Somebody resumed a batch.</summary>
    public const string BatchResume = "batch.resume";

    /// <summary>Somebody aborted a batch.</summary>
    public const string BatchAbort = "batch.abort";

    /// <summary>Brings the product's tables of a place to a version.</summary>
    public const string PlaceUpgrade = "place.upgrade";

    /// <summary>Brings the product's tables of a restored copy of a tenant's place to a version, and drops it.</summary>
    public const string PlaceRehearse = "place.rehearse";

    /// <summary>An operator returned a dead letter to its queue.</summary>
    public const string DeadLetterReturn = "deadLetter.return";

    /// <summary>
    /// The Api refused requests: without a valid token, without the role, or because of a rule. One line for all of a caller, an endpoint and a minute.
    /// </summary>
    public const string RequestRefuse = "request.refuse";

    /// <summary>Lines of the audit log whose time was over were deleted.</summary>
    public const string AuditPrune = "audit.prune";

    /// <summary>The list of custom steps was replaced.</summary>
    public const string CustomStepsSet = "customSteps.set";

    /// <summary>Somebody signed in at the directory, or failed to.</summary>
    public const string UserAuthenticate = "user.authenticate";

    /// <summary>The action of an answer to a step that waits.</summary>
    public static string OfWait(WaitAnswerKind answer) => answer switch
    {
        WaitAnswerKind.Approved => OperationApprove,
        WaitAnswerKind.Rejected => OperationReject,
        WaitAnswerKind.Signalled => OperationSignal,
        _ => WaitEnd,
    };

    /// <summary>The action of an order for a scheduled command.</summary>
    public static string OfOrder(ScheduleOrder order) => order switch
    {
        ScheduleOrder.Cancel => ScheduleCancel,
        ScheduleOrder.Run => ScheduleRun,
        ScheduleOrder.Approve => ScheduleApprove,
        _ => ScheduleReject,
    };

    /// <summary>The action of an order for a batch.</summary>
    public static string OfBatch(BatchOrder order) => order switch
    {
        BatchOrder.Pause => BatchPause,
        BatchOrder.Resume => BatchResume,
        _ => BatchAbort,
    };
}
