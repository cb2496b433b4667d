using System.Security.Claims;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Tokens;

namespace Saga.Api.Tokens;

/// <summary>
/// What a caller is in tenants. Unlike the roles of the platform, it holds in one tenant only: the administrator of one tenant may
/// be an ordinary member of another, and one token names both.
/// </summary>
public static class OrganizationMembership
{
    private const string Member = "saga:member";
    private const string Administrator = "saga:administrator";

    /// <summary>Whether the caller belongs to the tenant with this slug.</summary>
    public static bool BelongsTo(this ClaimsPrincipal user, Slug tenant) => user.HasClaim(Member, tenant.ToString());

    /// <summary>Whether the caller administers the tenant with this slug.</summary>
    public static bool Administers(this ClaimsPrincipal user, Slug tenant) => user.HasClaim(Administrator, tenant.ToString());

    internal static IEnumerable<Claim> Claims(TokenOrganization organization)
    {
        yield return new(Member, organization.Alias);
        if (organization.Administers)
            yield return new(Administrator, organization.Alias);
    }
}
