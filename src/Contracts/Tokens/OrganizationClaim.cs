using System.Text.Json;

namespace Saga.Contracts.Tokens;

/// <summary>
/// Reads the claim <c>organization</c> in each form that Keycloak issues: an object by alias, with the groups in each organisation; an
/// array of aliases; or one alias. Anything else grants nothing. The token's signature and other claims must have been checked before.
/// </summary>
public static class OrganizationClaim
{
    public const string Name = "organization";

    /// <param name="claims">The token's claims.</param>
    public static IReadOnlyList<TokenOrganization> Read(JsonElement claims)
    {
        if (claims.ValueKind != JsonValueKind.Object || !claims.TryGetProperty(Name, out var claim))
            return [];
        return claim.ValueKind switch
        {
            JsonValueKind.Object => [.. claim.EnumerateObject().Where(o => o.Name.Length > 0 && o.Value.ValueKind == JsonValueKind.Object).Select(Described)],
            JsonValueKind.Array => [.. Texts(claim).Select(Named)],
            JsonValueKind.String when claim.GetString() is { Length: > 0 } alias => [Named(alias)],
            _ => [],
        };
    }

    private static TokenOrganization Described(JsonProperty organization)
    {
        var id = organization.Value.TryGetProperty("id", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
        return new(organization.Name, id, organization.Value.TryGetProperty("groups", out var groups) ? [.. Texts(groups)] : []);
    }

    private static TokenOrganization Named(string alias) => new(alias, null, []);

    private static IEnumerable<string> Texts(JsonElement list) => list.ValueKind == JsonValueKind.Array
        ? list.EnumerateArray().Where(t => t.ValueKind == JsonValueKind.String).Select(t => t.GetString()!).Where(t => t.Length > 0)
        : [];
}
