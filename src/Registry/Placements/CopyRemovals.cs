using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Schedule;

namespace Saga.Registry.Placements;

/// <summary>The scheduled commands that remove kept placements. Commit their statements with the change that they follow from.</summary>
public static class CopyRemovals
{
    /// <summary>The kind of the operations that remove a kept placement.</summary>
    public const string Kind = "remove-copy";

    // A stalled operation may keep the tenant's scope for long.
    private static readonly TimeSpan Patience = TimeSpan.FromDays(90);

    /// <param name="tenant">The tenant.</param>
    /// <param name="placement">The kept placement.</param>
    /// <param name="operation">The operation that left it.</param>
    /// <param name="at">When it is removed.</param>
    /// <param name="now">The registry's time.</param>
    public static IReadOnlyList<NpgsqlBatchCommand> ScheduleCommands(TenantId tenant, Guid placement, Guid operation, DateTimeOffset at, DateTimeOffset now) =>
        ScheduleStore.AddCommands(new()
        {
            Id = Guid.CreateVersion7(now),
            Kind = Kind,
            TenantId = tenant,
            Command = JsonSerializer.SerializeToElement(new RemoveCopy { TenantId = tenant, PlacementId = placement }, Json.Options),
            RunAt = at,
            ExpiresAt = at + Patience,
            NeedsApproval = false,
            RequestedBy = $"operation:{operation:d}",
            CreatedAt = now,
        });

    /// <summary>Cancels the removal of a placement that is in use again.</summary>
    public static NpgsqlBatchCommand CancelCommand(TenantId tenant, Guid placement, Guid operation) =>
        ScheduleStore.CancelCommand(Kind, tenant, "placementId", placement.ToString(), $"operation:{operation:d}", "The tenant was routed back to it.");
}
