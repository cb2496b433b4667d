using System.Globalization;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Revert;

/// <summary>What a revert would change, in words.</summary>
public static class RevertWords
{
    public static IReadOnlyList<string> Of(ValidRevert input, Tenant tenant)
    {
        if (input.Kept is not { } kept)
            return [];
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"The tenant goes back to its former place with isolation {TierName.Of(kept.Placement.Tier)} on server {kept.Placement.Place.Server}, which is kept until {kept.Until:u}."),
            .. input.PlanOf(tenant) is { } plan ? (string[])[$"The plan {tenant.Plan} becomes {plan} again. The tenant's own features and settings stay."] : [],
            "If a row was written since the move, the operation is undone and nothing changes.",
            "The place that the tenant leaves is removed.",
        ];
    }
}
