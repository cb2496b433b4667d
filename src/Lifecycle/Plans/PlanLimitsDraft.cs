using System.ComponentModel;

namespace Saga.Lifecycle.Plans;

/// <summary>The limits of a <see cref="PlanDraft"/>.</summary>
public sealed record PlanLimitsDraft
{
    public int? Users { get; init; }

    [Description("Storage in GiB.")]
    public long? StorageGib { get; init; }

    [Description("Unlimited when absent.")]
    public long? RequestsPerDay { get; init; }

    [Description("The connections of a tenant's database login.")]
    public int? DatabaseConnections { get; init; }

    [Description("Whether a tenant's own maxUsers and maxStorage are atMost (default) or atLeast the plan's.")]
    public string? OwnLimits { get; init; }
}
