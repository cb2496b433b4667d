using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Registry.Plans;

namespace Saga.Workers.Runtime;

/// <summary>The plan that a migration gives.</summary>
internal static class TargetPlan
{
    /// <summary>
    /// The version that the command was accepted with; the tenant's own when it names no plan. A command that was accepted by an earlier
    /// version of the product has none, and gets the current one.
    /// </summary>
    /// <exception cref="StepFailureException">It is not in the registry.</exception>
    public static async Task<Plan> FindAsync(PlanStore plans, StepContext context, CancellationToken cancellationToken)
    {
        var command = context.Input<MigrateTenant>();
        var (name, version) = command.TargetPlan is { } target ? (target, command.TargetVersion) : (context.Tenant.Plan, context.Tenant.PlanVersion);
        return await plans.FindOrCurrentAsync(name, version, cancellationToken) ?? throw StepFailureException.Permanent(
            "plan-unknown",
            version is { } missing ? string.Create(CultureInfo.InvariantCulture, $"Version {missing} of the plan '{name}' is not in the registry.") : $"The plan '{name}' is not in the registry.",
            "Add the plan again, then replay the step.");
    }

    /// <summary>
    /// The limit of storage that the plan would lower; null when the tenant may store as much as before. Then what it stores is not
    /// measured, because a tenant that uses more than it may must still get to a larger plan.
    /// </summary>
    public static async Task<long?> LoweredStorageAsync(PlanStore plans, StepContext context, Plan target, CancellationToken cancellationToken)
    {
        var limit = target.Limits.Of(context.Tenant).StorageGib;
        var former = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken);
        return former is not null && former.Limits.Of(context.Tenant).StorageGib <= limit ? null : limit;
    }
}
