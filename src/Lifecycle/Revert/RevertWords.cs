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
        if (kept.Keeps is not null)
        {
            return
            [
                string.Create(CultureInfo.InvariantCulture, $"The rows that the tenant's last restore has replaced are put back. They are kept on server {kept.Placement.Place.Server} until {kept.Until:u}."),
                "The tenant is read-only while its rows are compared, and then unavailable while the kept rows are copied, which takes the longer the more there are.",
                "If a row was written since the restore, the operation is undone and nothing changes.",
                "The restored rows are lost; the backup still has them. The place that kept the former ones is removed.",
            ];
        }

        return
        [
            string.Create(CultureInfo.InvariantCulture, $"The tenant goes back to its former place with isolation {TierName.Of(kept.Placement.Tier)} on server {kept.Placement.Place.Server}, which is kept until {kept.Until:u}."),
            .. input.PlanOf(tenant) is { } plan ? (string[])[$"The plan {tenant.Plan} becomes {plan} again. The tenant's own features and settings stay."] : [],
            "If a row was written since the move, the operation is undone and nothing changes.",
            "The place that the tenant leaves is removed.",
        ];
    }
}
