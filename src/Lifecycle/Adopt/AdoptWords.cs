using System.Globalization;
using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Adopt;

/// <summary>What an adoption would do, in words.</summary>
public static class AdoptWords
{
    public static IReadOnlyList<string> Of(ValidAdoption input)
    {
        IEnumerable<string> words = input.IsCopy ? Copy(input) : Take(input);
        return [.. words, .. input.Users is { } users ? Users(users) : []];
    }

    private static IEnumerable<string> Copy(ValidAdoption input) =>
    [
        $"The rows of schema '{input.Place.Schema}' of database '{input.Place.Database}' on server '{input.Place.Server}' are copied into the tables that tenants share. They get the tenant's id.",
        "The source is only read, and stays as it is. Rows that are written there after the copy has begun make the comparison at its end fail.",
        "It is inspected first: its tables must be those that tenants share, without the column tenant_id. What does not fit is refused before anything of the tenant is made.",
        "Until the tenant is activated the operation can be undone, which removes the copy.",
    ];

    private static IEnumerable<string> Users(ValidAdoptedUsers users) =>
    [
        users.Emails is { } emails
            ? string.Create(CultureInfo.InvariantCulture, $"{emails.Count} users of the identity provider become members of the tenant's organisation. If one of them is missing, disabled or unverified, the operation is refused.")
            : $"The enabled users of the identity provider with verified addresses in '{users.EmailDomain}' become members of the tenant's organisation, if the tenant may have so many.",
        "They stay as they are, also when the adoption is undone or the tenant is deprovisioned, which end the memberships only.",
    ];

    private static IEnumerable<string> Take(ValidAdoption input)
    {
        var place = input.Tenant.Tier == IsolationTier.Schema
            ? $"Schema '{input.Place.Schema}' of database '{input.Place.Database}' on server '{input.Place.Server}'"
            : $"Database '{input.Place.Database}' on server '{input.Place.Server}', with the product's tables in its schema '{input.Place.Schema}',";
        return
        [
            $"{place} becomes the tenant's place. No row is copied or changed.",
            "It is inspected first: the version of the product's schema, whose rows it has, and what it would lack. What does not fit is refused before anything is written.",
            "Its objects get an owner and a login of the tenant's own, and its tables the platform's row policies. Sessions of other logins see no rows of tenants from then on.",
            "PUBLIC may no longer connect to the database.",
            input.Id is { } id ? $"The tenant gets the id {id}, which its rows must carry." : "The tenant gets a new id, so the tables must have no rows of tenants.",
            "Missing migrations of the product run last. Until then the operation can be undone, and leaves everything as it was.",
        ];
    }
}
