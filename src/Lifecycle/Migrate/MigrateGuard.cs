using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>Whether a tenant may be migrated as a command asks. Pure.</summary>
internal static class MigrateGuard
{
    /// <returns>The rejection; null when it may.</returns>
    public static OperationRejected? Check(ValidMigrate input, Tenant tenant)
    {
        if (TenantGuard.RequireStatus(tenant, TenantStatus.Active) is { } status)
            return status;
        // A tenant that may not grow may migrate, because a larger plan is the way out.
        if (TenantGuard.RequireOpen(tenant) is { } held)
            return held;
        if (input is { Version: { } version, Plan: { } current } && current.Version != version)
        {
            return new()
            {
                Code = RejectionCodes.PlanChanged,
                Detail = string.Create(CultureInfo.InvariantCulture, $"Version {current.Version} of the plan '{current.Name}' is current, and not {version}. See with a dry run what it would change, then send the command with that version or without one."),
                Errors = [new("/targetVersion", string.Create(CultureInfo.InvariantCulture, $"must be {current.Version} or absent"))],
            };
        }

        if (MigrateTarget.Of(input, tenant) is not { } target)
            return Invalid("/targetPlan", string.Create(CultureInfo.InvariantCulture, $"is required, because version {tenant.PlanVersion} of the tenant's plan '{tenant.Plan}' is not in the registry"));
        if (!target.Plan.Tiers.Contains(target.Tier))
            return Invalid("/isolation", $"plan {target.Plan.Name} allows {TierName.List(target.Plan.Tiers)}");
        if (target is { Moves: false, ChangesPlan: false })
        {
            return Invalid(
                input.Plan is not null ? "/targetPlan" : input.Tier is not null ? "/isolation" : "/server",
                string.Create(CultureInfo.InvariantCulture, $"changes nothing: the tenant has version {tenant.PlanVersion} of plan {tenant.Plan}, isolation {TierName.Of(tenant.Tier)} and server {target.Server}"));
        }

        return (target.ChangesPlan ? PlanFit.Check(target.Plan, tenant) : null) ?? (target.Moves ? MoveGuard.Check(input, target, tenant) : Stays(input));
    }

    internal static OperationRejected Invalid(string pointer, string rule) => new()
    {
        Code = RejectionCodes.Validation,
        Detail = "The command breaks a rule: see errors.",
        Errors = [new(pointer, rule)],
    };

    private static OperationRejected? Stays(ValidMigrate input) => input.PreserveData
        ? null
        : Invalid("/migrationOptions/preserveData", "must be true or absent, because this migration moves no rows");
}
