using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Deprovision;

/// <summary>What keeps a tenant from being deprovisioned, beside its status. Pure.</summary>
internal static class DeprovisionRules
{
    /// <returns>The rejection of a wrong confirmation; null when the slug was given as it must be.</returns>
    public static OperationRejected? Confirmed(ValidDeprovision input, Tenant tenant)
    {
        var errors = new List<FieldError>();
        if (input.Confirm != tenant.Slug.ToString())
            errors.Add(new("/confirm", "must be the tenant's slug"));
        if (input.GraceDays == 0 && input.ConfirmNoGrace != tenant.Slug.ToString())
            errors.Add(new("/confirmNoGrace", "must be the tenant's slug too, because without a grace period nothing can be taken back"));
        return errors.Count == 0 ? null : new() { Code = RejectionCodes.Validation, Detail = "The deprovisioning is not confirmed, so nothing was done: see errors.", Errors = errors };
    }

    /// <returns>The rejection while an earlier deprovisioning is under way; null when there is none.</returns>
    public static OperationRejected? NotPending(Tenant tenant) => tenant.Deletion is not { Pending: true } deletion ? null : new()
    {
        Code = RejectionCodes.AlreadyDeprovisioning,
        Detail = deletion.FinalAt is { } final
            ? string.Create(CultureInfo.InvariantCulture, $"Tenant '{tenant.Slug}' is being removed since {final.UtcDateTime:u}.")
            : string.Create(CultureInfo.InvariantCulture, $"Tenant '{tenant.Slug}' is being deprovisioned already: everything is removed at {deletion.DeleteAt.UtcDateTime:u}. To choose another time, take that back first."),
        OperationId = deletion.OperationId,
    };
}
