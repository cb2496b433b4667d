using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Profile;

/// <summary>The rule for pool sizes: a tenant's processes together cannot have more connections than its login, so no pool may be larger. Pure.</summary>
internal static class PoolRule
{
    public static PoolSizes? Check(PoolSizes? pool, Plan? plan, List<FieldError> errors)
    {
        if (pool is null)
            return null;
        if (plan is not null && !(pool.Maximum >= 1 && pool.Maximum <= plan.Limits.DatabaseConnections))
            errors.Add(new("/pool/maximum", string.Create(CultureInfo.InvariantCulture, $"must be from 1 to {plan.Limits.DatabaseConnections}, the database connections of plan {plan.Name}")));
        else if (pool.Minimum is { } minimum && (minimum < 0 || minimum > pool.Maximum))
            errors.Add(new("/pool/minimum", "must be from 0 to maximum"));
        return pool with { Minimum = pool.Minimum ?? 0 };
    }
}
