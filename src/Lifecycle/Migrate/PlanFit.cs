using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Plans;
using Saga.Lifecycle.Provision;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Migrate;

/// <summary>
/// Whether a plan allows what the registry knows of a tenant: its own limits, features and settings. Its users are counted by the
/// first step of the migration, because the registry does not know them.
/// </summary>
internal static class PlanFit
{
    /// <returns>The rejection, with the numbers; null when it fits.</returns>
    public static OperationRejected? Check(Plan plan, Tenant tenant)
    {
        if (Beneath(plan, tenant) is { } beneath)
            return beneath;
        var errors = new List<FieldError>();
        OwnLimits.Check(tenant.MaxUsers, tenant.MaxStorageGib, plan, errors);
        ProvisionOverrides.Check(tenant.Features, tenant.Settings, plan, errors);
        var found = errors.Select(e => $"its own {Own(tenant, e.Pointer)} {e.Detail}").ToList();
        if (tenant.Pool is { Maximum: { } pool } && pool > plan.Limits.DatabaseConnections)
            found.Add(string.Create(CultureInfo.InvariantCulture, $"its pool of at most {pool} connections is larger than the {plan.Limits.DatabaseConnections} database connections of the plan"));
        return found.Count == 0 ? null : new()
        {
            Code = RejectionCodes.PlanTooSmall,
            Detail = $"Tenant '{tenant.Slug}' does not fit plan {plan.Name}: {string.Join("; ", found)}.",
            Errors = [.. found.Select(f => new FieldError("/targetPlan", f))],
        };
    }

    // A plan on which tenants begin with the plan's limits is larger than their own limits, and not too small.
    private static OperationRejected? Beneath(Plan plan, Tenant tenant)
    {
        if (plan.Limits.OwnLimits != OwnLimitRule.AtLeast)
            return null;
        (string Field, string? Words)[] own =
        [
            ("maxUsers", tenant.MaxUsers < plan.Limits.Users ? string.Create(CultureInfo.InvariantCulture, $"its own maxUsers ({tenant.MaxUsers}) is below {plan.Limits.Users}") : null),
            ("maxStorage", tenant.MaxStorageGib < plan.Limits.StorageGib ? string.Create(CultureInfo.InvariantCulture, $"its own maxStorage ({tenant.MaxStorageGib} GiB) is below {plan.Limits.StorageGib} GiB") : null),
        ];
        var low = own.Where(o => o.Words is not null).ToList();
        return low.Count == 0 ? null : new()
        {
            Code = RejectionCodes.TenantState,
            Detail = $"With plan {plan.Name} a tenant's own limits begin at the plan's: of tenant '{tenant.Slug}', {string.Join(", and ", low.Select(l => l.Words))}. Remove {(low.Count == 1 ? "it" : "them")} first, by an update with null; the tenant then has the limits of plan {plan.Name}.",
            Errors = [.. low.Select(l => new FieldError("/targetPlan", $"{l.Words}, the least with plan {plan.Name}; an update of {l.Field} with null removes it"))],
        };
    }

    private static string Own(Tenant tenant, string pointer) => pointer switch
    {
        OwnLimits.MaxUsers => string.Create(CultureInfo.InvariantCulture, $"maxUsers ({tenant.MaxUsers})"),
        OwnLimits.MaxStorage => string.Create(CultureInfo.InvariantCulture, $"maxStorage ({tenant.MaxStorageGib} GiB)"),
        _ => $"{(pointer.StartsWith("/features", StringComparison.Ordinal) ? "feature" : "setting")} '{Key(pointer)}'{Value(tenant, pointer)}",
    };

    private static string Key(string pointer) => pointer[(pointer.LastIndexOf('/') + 1)..].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static string Value(Tenant tenant, string pointer) =>
        pointer.StartsWith("/settings", StringComparison.Ordinal) && tenant.Settings.TryGetValue(Key(pointer), out var value) ? $" ({value.GetRawText()})" : "";
}
