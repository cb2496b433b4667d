using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>The failures common to all directories. They are permanent when the same attempt would be refused again.</summary>
public static class DirectoryFailures
{
    public const string OrganizationTaken = "organization-taken";
    public const string OrganizationNameTaken = "organization-name-taken";
    public const string DomainTaken = "organization-domain-taken";
    public const string OrganizationMissing = "organization-missing";
    public const string OrganizationAmbiguous = "organization-ambiguous";
    public const string AliasDiffers = "organization-alias-differs";
    public const string UserDisabled = "user-disabled";
    public const string UserUnverified = "user-unverified";
    public const string UserDeleted = "user-deleted";
    public const string UserBusy = "user-busy";

    internal static StepFailureException AliasHeld(Slug slug, string system) => StepFailureException.Permanent(
        OrganizationTaken, $"The organisation alias '{slug}' belongs to another tenant or to an unknown owner.",
        "Choose another slug, or remove the organisation with that alias, then replay.", system);

    internal static StepFailureException NamesHeld(OrganizationSpec wanted, string system) => StepFailureException.Permanent(
        OrganizationNameTaken, $"The organisation names {string.Join(" and ", wanted.Names.Select(n => $"'{n}'"))} belong to other organisations.",
        "Choose another name for the tenant, or rename one of these organisations, then replay.", system);

    internal static StepFailureException DomainHeld(string domain, string system) => StepFailureException.Permanent(
        DomainTaken, $"The domain '{domain}' is linked to another organisation.",
        "Unlink the domain from that organisation, or provision without it, then replay.", system);

    internal static StepFailureException AliasChanged(TenantId tenant, Slug wanted, string found, string system) => StepFailureException.Permanent(
        AliasDiffers, $"The organisation of tenant {tenant} has the alias '{found}' instead of '{wanted}', and an alias cannot be changed.",
        "Delete that organisation, or remove its attribute tenant_id, then replay.", system);

    internal static StepFailureException Missing(TenantId tenant, string system) => StepFailureException.Permanent(
        OrganizationMissing, $"Tenant {tenant} no longer has an organisation.",
        $"Replay the operation from the step '{StepNames.Identity}'.", system);

    internal static StepFailureException Disabled(string email, string system) => StepFailureException.Permanent(
        UserDisabled, $"The user '{email}' exists and is disabled.",
        "Enable the user, or choose another administrator, then replay.", system);

    internal static StepFailureException UserGone(string email, string system) => StepFailureException.Transient(
        UserDeleted, $"The user '{email}' was deleted while it was being made an administrator.", null, system);

    internal static StepFailureException BeingDeleted(string email, string system) => StepFailureException.Transient(
        UserBusy, $"The user '{email}' is being deleted, because the tenant that it was made for is being removed.",
        "Nothing: a later attempt sees that the user is gone.", system);

    // A user who registered somebody else's address without verifying it must not become administrator in that person's place.
    internal static StepFailureException Unverified(string email, string system) => StepFailureException.Permanent(
        UserUnverified, $"The user '{email}' exists, was not created for a tenant, and has never verified the address.",
        "Have the address verified, or remove the user, then replay.", system);
}
