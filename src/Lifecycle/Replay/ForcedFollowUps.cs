using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Verify;
using Saga.Registry.Schedule;

namespace Saga.Lifecycle.Replay;

/// <summary>
/// What an operation that was forced to its end is followed by. As after every replay, <see cref="ReplayChecks"/> looks whether what was stated is
/// there; a verification sees whether it works.
/// </summary>
internal static class ForcedFollowUps
{
    /// <param name="operation">The operation.</param>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="follows">The tenant's status that follows.</param>
    /// <param name="now">The registry's time.</param>
    public static IReadOnlyList<ScheduledCommand> Of(Guid operation, TenantId tenant, TenantStatus follows, DateTimeOffset now) => follows == TenantStatus.Active
        ? [ScheduledCommand.FollowUp(VerifyPlan.Kind, tenant, new VerifyTenant { TenantId = tenant }, operation, now, now) with { AfterOperation = operation }]
        : [];
}
