using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Verify;
using Saga.Registry.Schedule;

namespace Saga.Lifecycle.Replay;

/// <summary>What an operation that was forced to its end is followed by: somebody looks whether what was stated is true.</summary>
internal static class ForcedFollowUps
{
    /// <param name="operation">The operation.</param>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="follows">The tenant's status that follows.</param>
    /// <param name="now">The registry's time.</param>
    public static IReadOnlyList<ScheduledCommand> Of(Guid operation, TenantId tenant, TenantStatus follows, DateTimeOffset now) =>
    [
        After(operation, tenant, now, ScanDriftPlan.Kind, new ScanDrift { Tenants = [tenant] }),
        // A scan sees what is there, and a verification whether it works.
        .. follows == TenantStatus.Active ? [After(operation, tenant, now, VerifyPlan.Kind, new VerifyTenant { TenantId = tenant })] : Array.Empty<ScheduledCommand>(),
    ];

    private static ScheduledCommand After<TCommand>(Guid operation, TenantId tenant, DateTimeOffset now, string kind, TCommand command) =>
        ScheduledCommand.FollowUp(kind, tenant, command, operation, now, now) with { AfterOperation = operation };
}
