using System.Net;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Ends the sessions of an organisation's members. Thread-safe.</summary>
internal sealed class KeycloakSignOut(KeycloakAdmin admin)
{
    private const int Page = 100;

    /// <summary>Ends the sessions of the members who belong to no other enabled organisation.</summary>
    public async Task<DisabledOrganization> MembersAsync(string organizationId, CancellationToken cancellationToken)
    {
        var (members, signedOut) = (0, 0);
        while (true)
        {
            var path = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"organizations/{organizationId}/members?first={members}&max={Page}");
            var answer = await admin.GetAsync(path, cancellationToken);
            if (answer.Status == HttpStatusCode.NotFound)
                return new(members, signedOut);
            var page = KeycloakAdmin.Read<IReadOnlyList<MemberRepresentation>>(answer, KeycloakAdmin.Describe("GET", path));
            // The wire bounds how many calls run at once.
            signedOut += (await Task.WhenAll(page.Select(m => SignOutAsync(organizationId, m.Id, cancellationToken)))).Count(done => done);
            members += page.Count;
            if (page.Count < Page)
                return new(members, signedOut);
        }
    }

    // False for members of other organisations, and for users who were deleted meanwhile.
    private async Task<bool> SignOutAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        var path = $"organizations/members/{userId}/organizations";
        var answer = await admin.GetAsync(path, cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound)
            return false;
        if (KeycloakAdmin.Read<IReadOnlyList<OrganizationRepresentation>>(answer, "GET organizations/members").Any(o => o.Id != organizationId && o.Enabled != false))
            return false;
        var logout = await admin.PostNothingAsync($"users/{userId}/logout", cancellationToken);
        if (logout.Status == HttpStatusCode.NotFound)
            return false;
        return logout.Succeeded ? true : throw KeycloakFailures.Rejected("POST users/logout", logout);
    }
}
