using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Deletes the users that were made for a tenant, unless they belong somewhere else too. Thread-safe.</summary>
internal sealed class KeycloakRemoval(KeycloakAdmin admin, KeycloakUsers users, IOptions<KeycloakOptions> options)
{
    private const int Page = 100;

    // Realms that were made by old versions grant these to every user by themselves.
    private static readonly string[] FormerDefaults = ["offline_access", "uma_authorization"];

    private readonly string defaultRoles = $"default-roles-{options.Value.Realm?.ToLowerInvariant()}";

    /// <summary>Deletes them while they are still members, so that none is forgotten when the process dies.</summary>
    /// <param name="organization">The tenant's organisation; null when it is gone already.</param>
    /// <param name="isMadeForTenant">Whether the user was made for the tenant.</param>
    /// <param name="query">Finds the users that were made for the tenant.</param>
    /// <param name="mayDelete">Asked last.</param>
    /// <param name="deleted">Called after each deletion.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    public async Task DeleteUsersAsync(
        string? organization, Func<DirectoryUser, bool> isMadeForTenant, string query, Func<DirectoryUser, CancellationToken, Task<bool>> mayDelete, Action deleted,
        CancellationToken cancellationToken)
    {
        // Those that stay come first in the list from then on, so the end of the list shows that no other is left.
        var kept = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var page = (await ListAsync(query, kept.Count, cancellationToken)).Where(u => !kept.Contains(u.Id)).ToList();
            if (page.Count == 0)
                return;
            foreach (var user in page)
            {
                if (isMadeForTenant(user) && await IsNowhereElseAsync(organization, user.Id, cancellationToken) && await mayDelete(user, cancellationToken)
                    // Asked again: until now somebody could make the user a member of another organisation.
                    && await IsInNoOtherOrganizationAsync(organization, user.Id, cancellationToken))
                {
                    await users.DeleteAsync(user.Id, cancellationToken);
                    deleted();
                }
                else
                {
                    kept.Add(user.Id);
                }
            }
        }
    }

    /// <summary>How many users the query finds that were made for the tenant.</summary>
    public async Task<long> CountAsync(string query, Func<DirectoryUser, bool> isMadeForTenant, CancellationToken cancellationToken)
    {
        for (var (first, count) = (0, 0L); ; first += Page)
        {
            var page = await ListAsync(query, first, cancellationToken);
            count += page.Count(isMadeForTenant);
            if (page.Count < Page)
                return count;
        }
    }

    private async Task<IReadOnlyList<DirectoryUser>> ListAsync(string query, int first, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync(string.Create(CultureInfo.InvariantCulture, $"users?q={query}&briefRepresentation=false&first={first}&max={Page}"), cancellationToken);
        return [.. KeycloakAdmin.Read<IReadOnlyList<UserRepresentation>>(answer, "GET users").Select(KeycloakUsers.Describe)];
    }

    private async Task<bool> IsNowhereElseAsync(string? organization, string user, CancellationToken cancellationToken) =>
        await IsInNoOtherOrganizationAsync(organization, user, cancellationToken) && await HasOnlyDefaultsAsync(user, cancellationToken)
        && await IsEmptyAsync($"users/{user}/groups?first=0&max=1", cancellationToken) && await IsEmptyAsync($"users/{user}/federated-identity", cancellationToken);

    private async Task<bool> IsInNoOtherOrganizationAsync(string? organization, string user, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync($"organizations/members/{user}/organizations", cancellationToken);
        return answer.Status == HttpStatusCode.NotFound
            || KeycloakAdmin.Read<IReadOnlyList<OrganizationRepresentation>>(answer, "GET organizations/members").All(o => o.Id == organization);
    }

    private async Task<bool> HasOnlyDefaultsAsync(string user, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync($"users/{user}/role-mappings", cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound)
            return true;
        var roles = KeycloakAdmin.Read<RoleMappingsRepresentation>(answer, "GET users/role-mappings");
        return (roles.ClientMappings?.Count ?? 0) == 0 && (roles.RealmMappings ?? []).All(r => r.Name == defaultRoles || FormerDefaults.Contains(r.Name, StringComparer.Ordinal));
    }

    private async Task<bool> IsEmptyAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync(path, cancellationToken);
        return answer.Status == HttpStatusCode.NotFound || KeycloakAdmin.Read<IReadOnlyList<object>>(answer, KeycloakAdmin.Describe("GET", path)).Count == 0;
    }
}
