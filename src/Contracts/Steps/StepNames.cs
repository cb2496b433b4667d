namespace Saga.Contracts.Steps;

/// <summary>
/// The steps that workers know, named by resource and verb. A released name keeps its meaning, because running operations
/// contain it; <see cref="StepAliases"/> lists the names of earlier versions.
/// </summary>
public static class StepNames
{
    public const string Reserve = "placement.reserve";
    public const string Identity = "organization.create";
    public const string Database = "database.create";
    public const string Migrate = "schema.migrate";
    public const string Storage = "storage.create";
    public const string Cache = "cache.create";
    public const string Configuration = "configuration.write";
    public const string Administrator = "administrator.create";
    public const string Verify = "tenant.verify";
    public const string Activate = "tenant.activate";
    public const string Notify = "administrator.notify";
    public const string ReserveAdopted = "adoption.reserve";
    public const string InspectPlace = "adoption.inspect";
    public const string TakePlace = "adoption.take";
    public const string MigrateAdopted = "adoption.migrate";
    public const string VerifyAdopted = "adoption.verify";
    public const string AnnounceAdopted = "adoption.announce";
    public const string InspectSource = "source.inspect";
    public const string CopySource = "source.copy";
    public const string CompareSource = "source.compare";
    public const string AnnounceCopied = "source.announce";
    public const string FindMembers = "members.find";
    public const string AddMembers = "members.add";
    public const string Suspend = "tenant.suspend";
    public const string DisableOrganization = "organization.disable";
    public const string ClosePlace = "place.close";
    public const string BarLogin = "login.bar";
    public const string DisableCache = "cache.disable";
    public const string EnableOrganization = "organization.enable";
    public const string OpenPlace = "place.open";
    public const string AdmitLogin = "login.admit";
    public const string EnableCache = "cache.enable";
    public const string Reactivate = "tenant.reactivate";
    public const string CheckUsage = "usage.check";
    public const string CheckStorage = "storage.check";
    public const string ChangePlan = "plan.change";
    public const string LimitLogin = "login.limit";
    public const string AnnouncePlan = "plan.announce";
    public const string ReserveMove = "move.reserve";
    public const string CreateMove = "move.create";
    public const string LockPlace = "move.lock";
    public const string CopyRows = "move.copy";
    public const string CompareRows = "move.compare";
    public const string TakeAway = "move.close";
    public const string Switch = "move.switch";
    public const string OpenMoved = "move.open";
    public const string DropCopy = "copy.drop";
    public const string BeginRevert = "revert.begin";
    public const string RestorePlan = "plan.restore";
    public const string CompareCopy = "revert.compare";
    public const string SwitchBack = "revert.switch";
    public const string OpenReverted = "revert.open";
    public const string PutBackRows = "revert.rows";
    public const string OpenPutBack = "revert.reopen";
    public const string DropReverted = "revert.drop";
    public const string Update = "tenant.update";
    public const string UpdateOrganization = "organization.update";
    public const string ChangeAdministrator = "administrator.change";
    public const string UpdateConfiguration = "configuration.update";
    public const string AnnounceUpdate = "update.announce";
    public const string RetireAdministrator = "administrator.retire";
    public const string LinkDomains = "domains.link";
    public const string SealConfiguration = "configuration.seal";
    public const string ResetConfiguration = "configuration.reset";
    public const string AnnounceDeprovisioning = "deprovisioning.announce";
    public const string BeginRemoval = "removal.begin";
    public const string RemoveOrganization = "organization.remove";
    public const string RemoveDatabase = "database.remove";
    public const string RemoveStorage = "storage.remove";
    public const string RemoveCache = "cache.remove";
    public const string Certify = "tenant.certify";
    public const string BeginBackup = "backup.begin";
    public const string BackupRows = "backup.rows";
    public const string BackupSettings = "backup.settings";
    public const string BackupObjects = "backup.objects";
    public const string CompleteBackup = "backup.complete";
    public const string CheckBackup = "backup.check";
    public const string CreateRestored = "restored.create";
    public const string RestoreRows = "restored.rows";
    public const string VerifyRestored = "restored.verify";
    public const string AnnounceRestored = "restored.announce";
    public const string DropRestored = "restored.drop";
    public const string FillReplacement = "replacement.fill";
    public const string CheckReplacement = "replacement.check";
    public const string TakeAwayReplaced = "replacement.away";
    public const string OpenReplacement = "replacement.open";
    public const string Revive = "tenant.revive";
    public const string ReserveRevived = "revival.reserve";
    public const string FillRevived = "revival.rows";
    public const string RestoreObjects = "revival.objects";
    public const string EndRevival = "revival.end";
    public const string ReserveKept = "kept.reserve";
    public const string CreateKept = "kept.create";
    public const string LockReplaced = "replaced.lock";
    public const string FillKept = "kept.fill";
    public const string ReplaceRows = "rows.replace";
    public const string KeepReplaced = "replaced.keep";
    public const string OpenReplaced = "replaced.open";
    public const string BeginDrill = "drill.begin";
    public const string EndDrill = "drill.end";
    public const string ExpireBackups = "backups.expire";
    public const string RotateBackupKey = "backupKey.rotate";
    public const string DestroyBackupKeys = "backupKeys.destroy";
    public const string BeginRegistryBackup = "registryBackup.begin";
    public const string DumpRegistry = "registryBackup.dump";
    public const string CompleteRegistryBackup = "registryBackup.complete";
    public const string ExpireRegistryBackups = "registryBackups.expire";
    public const string CopyBackup = "backup.copy";
    public const string BeginExport = "export.begin";
    public const string WriteExport = "export.write";
    public const string RemoveExport = "export.remove";
    public const string CheckTenant = "tenant.check";
    public const string CreateReplica = "replica.create";
    public const string RemoveReplica = "replica.remove";
    public const string AddLogin = "login.add";
    public const string AddCacheUser = "cacheUser.add";
    public const string SwitchCredentials = "credentials.switch";
    public const string RetireLogin = "login.retire";
    public const string RetireCacheUser = "cacheUser.retire";
    public const string RewrapKeys = "masterKey.rewrap";
}

/// <summary>The workers. Each has one queue, <see cref="Endpoints.Worker"/>.</summary>
public static class WorkerNames
{
    public const string Reservation = "reservation";
    public const string Identity = "identity";
    public const string Database = "database";
    public const string Storage = "storage";
    public const string Cache = "cache";
    public const string Configuration = "configuration";
    public const string Verification = "verification";
    public const string Notification = "notification";
    public const string Backup = "backup";
    public const string Export = "export";

    /// <summary>Runs every custom step that is a call to an https endpoint.</summary>
    public const string Http = "http";
}
