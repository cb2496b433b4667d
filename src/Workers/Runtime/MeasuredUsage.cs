using Saga.Registry.Plans;

namespace Saga.Workers.Runtime;

/// <summary>What the first step of a migration has measured.</summary>
internal sealed record MeasuredUsage
{
    /// <summary>Null when they cannot be counted.</summary>
    public long? Users { get; init; }

    /// <summary>What the tenant's rows take; null when it was not needed, or cannot be measured.</summary>
    public long? DatabaseBytes { get; init; }

    public PlanLimits? Limits { get; init; }
}
