using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Schedule;

namespace Saga.Registry.Placements;

/// <summary>The scheduled commands that remove kept placements. Commit their statements with the change that they follow from.</summary>
public static class CopyRemovals
{
    /// <summary>The kind of the operations that remove a kept placement.</summary>
    public const string Kind = "remove-copy";

    /// <param name="tenant">The tenant.</param>
    /// <param name="placement">The kept placement.</param>
    /// <param name="operation">The operation that left it.</param>
    /// <param name="at">When it is removed.</param>
    /// <param name="now">The registry's time.</param>
    public static IReadOnlyList<NpgsqlBatchCommand> ScheduleCommands(TenantId tenant, Guid placement, Guid operation, DateTimeOffset at, DateTimeOffset now) =>
        ScheduleStore.AddCommands(ScheduledCommand.FollowUp(Kind, tenant, new RemoveCopy { TenantId = tenant, PlacementId = placement }, operation, at, now));

    /// <summary>Cancels the removal of a placement that is in use again.</summary>
    public static NpgsqlBatchCommand CancelCommand(TenantId tenant, Guid placement, Guid operation) =>
        ScheduleStore.CancelCommand(Kind, tenant, "placementId", placement.ToString(), $"operation:{operation:d}", "The tenant was routed back to it.");
}
