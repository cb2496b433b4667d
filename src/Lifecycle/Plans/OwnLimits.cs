using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Plans;

/// <summary>The rules for a tenant's own limits of users and storage. Pure.</summary>
public static class OwnLimits
{
    public const string MaxUsers = "/maxUsers";
    public const string MaxStorage = "/maxStorage";

    /// <summary>The largest storage that can be asked for, in GiB: an exbibyte.</summary>
    public const long MostStorage = 1L << 30;

    /// <param name="maxUsers">The tenant's own limit of users; null for the plan's.</param>
    /// <param name="maxStorage">Its own limit of storage in GiB; null for the plan's.</param>
    /// <param name="plan">The plan that the tenant has or would have.</param>
    /// <param name="errors">Gets every broken rule.</param>
    public static void Check(int? maxUsers, long? maxStorage, Plan plan, List<FieldError> errors)
    {
        Check(maxUsers, plan.Limits.Users, int.MaxValue, MaxUsers, "", plan, errors);
        Check(maxStorage, plan.Limits.StorageGib, MostStorage, MaxStorage, " GiB", plan, errors);
    }

    private static void Check(long? own, long plans, long most, string pointer, string unit, Plan plan, List<FieldError> errors)
    {
        var (least, greatest) = plan.Limits.OwnLimits == OwnLimitRule.AtLeast ? (plans, most) : (1, plans);
        if (own < least || own > greatest)
            errors.Add(new(pointer, string.Create(CultureInfo.InvariantCulture, $"must be from {least} to {greatest}{unit} with plan {plan.Name}")));
    }
}
