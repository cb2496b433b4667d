using System.Diagnostics.Metrics;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup;

/// <summary>The metrics of backups. Names are public.</summary>
public static class BackupTelemetry
{
    public const string CompletedName = "saga.backups.completed";
    public const string FailedName = "saga.backups.failed";

    public const string ExpiredName = "saga.backups.expired";

    public const string RegistryCompletedName = "saga.registry_backups.completed";
    public const string RegistryFailedName = "saga.registry_backups.failed";
    public const string RegistryExpiredName = "saga.registry_backups.expired";

    public const string CopiedName = "saga.backups.copied";
    public const string CopiesFailedName = "saga.backups.copies_failed";

    public const string ProvenName = "saga.backups.proven";
    public const string DrillsFailedName = "saga.backups.drills_failed";

    private static readonly Meter Meter = new(WorkersTelemetry.SourceName);

    internal static Counter<long> Completed { get; } = Meter.CreateCounter<long>(CompletedName, "{backup}", "Backups of tenants that are complete.");

    /// <summary>Tag saga.code.</summary>
    internal static Counter<long> Failed { get; } = Meter.CreateCounter<long>(FailedName, "{backup}", "Backups of tenants that failed. Cancelled ones do not count.");

    internal static Counter<long> Expired { get; } = Meter.CreateCounter<long>(ExpiredName, "{backup}", "Backups of tenants that were removed, because their time was over.");

    internal static Counter<long> Copied { get; } = Meter.CreateCounter<long>(CopiedName, "{backup}", "Backups that were copied to the second place and read back there.");

    /// <summary>Tag saga.code.</summary>
    internal static Counter<long> CopiesFailed { get; } = Meter.CreateCounter<long>(CopiesFailedName, "{backup}", "Copies of backups that failed or were cancelled.");

    internal static Counter<long> RegistryCompleted { get; } = Meter.CreateCounter<long>(RegistryCompletedName, "{backup}", "Backups of the registry that are complete.");

    /// <summary>Tag saga.code.</summary>
    internal static Counter<long> RegistryFailed { get; } = Meter.CreateCounter<long>(RegistryFailedName, "{backup}", "Backups of the registry that failed. Cancelled ones do not count.");

    internal static Counter<long> RegistryExpired { get; } = Meter.CreateCounter<long>(RegistryExpiredName, "{backup}", "Backups of the registry that were removed, because their time was over.");

    internal static Counter<long> Proven { get; } = Meter.CreateCounter<long>(ProvenName, "{backup}", "Backups that a drill restored and verified.");

    internal static Counter<long> DrillsFailed { get; } = Meter.CreateCounter<long>(DrillsFailedName, "{drill}", "Drills that failed or were cancelled.");
}
