using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Provision;

/// <summary>Reports which names of a command belong to live tenants, and their running operations.</summary>
internal static class TakenNames
{
    /// <returns>The rejection, listing every taken name; null when all are free.</returns>
    public static OperationRejected? Rejection(ValidProvision valid, TakenTenantNames taken)
    {
        var errors = new List<FieldError>();
        if (taken.Slug)
            errors.Add(new("/slug", $"'{valid.Slug}' {Why("slug")}"));
        if (taken.Domain)
            errors.Add(new("/domain", $"'{valid.Domain}' {Why("domain")}"));
        // A default subdomain equals the slug, so reporting it as well would add nothing.
        if (taken.Subdomain && (valid.SubdomainGiven || !taken.Slug))
            errors.Add(new("/subdomain", $"'{valid.Subdomain}' {Why("subdomain")}; choose another"));
        if (errors.Count == 0)
            return null;
        return new()
        {
            Code = taken.Running is not null ? RejectionCodes.OperationActive
                : taken.Slug ? RejectionCodes.SlugTaken
                : taken.Domain ? RejectionCodes.DomainTaken
                : RejectionCodes.SubdomainTaken,
            Detail = taken.Running is { } active
                ? $"Tenant '{valid.Slug}' exists and has a running operation ({active.Kind}, {active.Id}). Follow that operation."
                : string.Join("; ", errors.Select(e => $"{e.Pointer[1..]} {e.Detail}")) + ".",
            Errors = errors,
            OperationId = taken.Running?.Id,
        };

        string Why(string kind) => taken.Reserved.TryGetValue(kind, out var until)
            ? string.Create(CultureInfo.InvariantCulture, $"was the {kind} of a tenant that was deprovisioned, and is reserved until {until.UtcDateTime:u}")
            : "is taken by another tenant";
    }

    /// <summary>The rejection of a name that the tenant's organisation could not be told apart by.</summary>
    public static OperationRejected Held(string name, Slug slug) => new()
    {
        Code = RejectionCodes.NameTaken,
        Detail = $"The organisation of the tenant could be called neither '{name}' nor '{name} ({slug})': another tenant has one of these names. Choose another name.",
        Errors = [new("/name", $"'{name}' with the slug '{slug}' is called like another tenant")],
    };
}
