using System.Globalization;
using Saga.Registry.Plans;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>Refuses what has more users than the tenant may have. Users are the rows of the product's table <c>users</c>, as everywhere. Thread-safe.</summary>
internal sealed class AdoptedUserLimit(PlanStore plans)
{
    /// <summary>The product's table, if it has one.</summary>
    public const string Table = "users";

    /// <exception cref="StepFailureException">There are too many: <c>plan-too-small</c>.</exception>
    public async Task RequireAsync(StepContext context, TenantSchema place, long users, CancellationToken cancellationToken)
    {
        var plan = await plans.FindAsync(context.Tenant.Plan, context.Tenant.PlanVersion, cancellationToken)
            ?? throw StepFailureException.Permanent("plan-unknown", $"Plan '{context.Tenant.Plan}' is not known.", "Restore the plan in the registry, then replay the operation.");
        var most = plan.Limits.Of(context.Tenant).Users;
        if (users > most)
        {
            throw PlaceInspection.Refused(
                place, "plan-too-small", string.Create(CultureInfo.InvariantCulture, $"has {users} users, and the tenant may have {most}"), "Choose a larger plan or another maxUsers,");
        }
    }
}
