using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Saga.Orchestrator;

/// <summary>The activity source and the meter of the orchestrator. Names are public.</summary>
public static class OrchestratorTelemetry
{
    public const string SourceName = "Saga.Orchestrator";

    private static long missingBackups = -1;
    private static double provenAge = -1;
    private static long missingRegistryBackups = -1;

    /// <summary>One transaction of one or more transitions.</summary>
    public const string Commit = "saga.transition.commit";

    /// <summary>The sending of one message from the outbox.</summary>
    public const string Publish = "saga.outbox.publish";

    /// <summary>Operations that this version cannot read now; tag saga.reason, which names the unknown value.</summary>
    public const string UnreadableName = "saga.operations.unreadable";

    /// <summary>Messages for operations that this version cannot read.</summary>
    public const string UnreadableMessagesName = "saga.operations.unreadable_messages";

    /// <summary>Tenants whose schedule of backups ran and which have no complete backup a while later. Every orchestrator reports the same number.</summary>
    public const string MissingBackupsName = "saga.backups.missing";

    /// <summary>1 if the schedule of backups of the registry ran and none is complete a while later, or else 0. Every orchestrator reports the same number.</summary>
    public const string MissingRegistryBackupsName = "saga.registry_backups.missing";

    /// <summary>Seconds since a drill last proved that a backup can be restored; since the first backup when none did. Every orchestrator reports the same number.</summary>
    public const string ProvenAgeName = "saga.backups.proven_age";

    public static ActivitySource Source { get; } = new(SourceName);

    internal static Meter Meter { get; } = new(SourceName);

    /// <summary>Negative while it is not known; then nothing is reported.</summary>
    internal static long MissingBackups
    {
        get => Interlocked.Read(ref missingBackups);
        set => Interlocked.Exchange(ref missingBackups, value);
    }

    internal static ObservableGauge<long> MissingBackupsGauge { get; } =
        Meter.CreateObservableGauge(MissingBackupsName, () => Known(MissingBackups), "{tenant}", "Tenants whose scheduled backup is missing.");

    /// <summary>Negative while it is not known; then nothing is reported.</summary>
    internal static long MissingRegistryBackups
    {
        get => Interlocked.Read(ref missingRegistryBackups);
        set => Interlocked.Exchange(ref missingRegistryBackups, value);
    }

    internal static ObservableGauge<long> MissingRegistryBackupsGauge { get; } =
        Meter.CreateObservableGauge(MissingRegistryBackupsName, () => Known(MissingRegistryBackups), "{backup}", "Whether the scheduled backup of the registry is missing.");

    /// <summary>Negative while it is not known, or while there is no backup; then nothing is reported.</summary>
    internal static double ProvenAge
    {
        get => Volatile.Read(ref provenAge);
        set => Volatile.Write(ref provenAge, value);
    }

    internal static ObservableGauge<double> ProvenAgeGauge { get; } =
        Meter.CreateObservableGauge(ProvenAgeName, () => Known(ProvenAge), "s", "Age of the last proven restore.");

    internal static Counter<long> UnreadableMessages { get; } = Meter.CreateCounter<long>(UnreadableMessagesName, "{message}", "Messages for operations that this version cannot read.");

    private static IEnumerable<Measurement<T>> Known<T>(T value)
        where T : struct, System.Numerics.INumber<T> => T.IsNegative(value) ? [] : [new(value)];
}
