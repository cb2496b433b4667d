using System.Diagnostics.Metrics;
using Saga.Workers.Runtime;

namespace Saga.Workers.Audit;

/// <summary>The metrics of the audit log's proof. Names are public.</summary>
public static class AuditTelemetry
{
    public const string UnsealedAgeName = "saga.audit.unsealed_age";
    public const string SealedName = "saga.audit.sealed";
    public const string PrunedName = "saga.audit.pruned";

    private static readonly Meter Meter = new(WorkersTelemetry.SourceName);

    internal static Gauge<double> UnsealedAge { get; } = Meter.CreateGauge<double>(UnsealedAgeName, "s", "The age of the oldest line of the audit log that is not sealed; 0 for none.");

    internal static Gauge<long> Sealed { get; } = Meter.CreateGauge<long>(SealedName, "{line}", "The number of the last sealed line of the audit log.");

    internal static Counter<long> Pruned { get; } = Meter.CreateCounter<long>(PrunedName, "{line}", "Lines of the audit log that were deleted, because their time was over.");
}
