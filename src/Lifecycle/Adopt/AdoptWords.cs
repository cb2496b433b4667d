using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Adopt;

/// <summary>What an adoption would do, in words.</summary>
public static class AdoptWords
{
    public static IReadOnlyList<string> Of(ValidAdoption input)
    {
        var place = input.Tenant.Tier == IsolationTier.Schema
            ? $"Schema '{input.Place.Schema}' of database '{input.Place.Database}' on server '{input.Place.Server}'"
            : $"Database '{input.Place.Database}' on server '{input.Place.Server}', with the product's tables in its schema '{input.Place.Schema}',";
        return
        [
            $"{place} becomes the tenant's place. No row is copied or changed.",
            "It is looked at first: the version of the product's schema, whose rows it has, and what it would lack. What does not fit is refused before anything is written.",
            "Its objects get an owner and a login of the tenant's own, and its tables the platform's row policies. Sessions of other logins see no rows of tenants from then on.",
            "PUBLIC may no longer connect to the database.",
            input.Id is { } id ? $"The tenant gets the id {id}, which its rows must carry." : "The tenant gets a new id, so the tables must have no rows of tenants.",
            "Missing migrations of the product run last. Until then the operation can be undone, and leaves everything as it was.",
        ];
    }
}
