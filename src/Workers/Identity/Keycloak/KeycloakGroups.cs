using System.Net;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// The group of administrators in each organisation. Leaving the organisation leaves its groups. Roles of the realm are not used:
/// they hold in every organisation of a user, and reading them needs view-realm. Thread-safe.
/// </summary>
internal sealed class KeycloakGroups(KeycloakAdmin admin, FindAgain findAgain)
{
    private const string Name = DirectoryGroups.TenantAdmin;
    private const string Path = "/" + Name;

    /// <summary>Finds or creates the organisation's group.</summary>
    /// <returns>The group's id.</returns>
    public async Task<string> EnsureAsync(string organizationId, CancellationToken cancellationToken)
    {
        var path = Collection(organizationId);
        KeycloakAnswer answer;
        try
        {
            // Created without looking first, because the group is missing in the usual case: the tenant is new.
            answer = await admin.PostAsync(path, new GroupRepresentation { Name = Name }, cancellationToken);
        }
        catch (StepFailureException e) when (e.MayHaveActed)
        {
            var made = await findAgain.Async(() => FindAsync(organizationId, cancellationToken), cancellationToken);
            if (made is null)
                throw;
            return made;
        }

        if (answer.Status == HttpStatusCode.Created && KeycloakOrganizations.IdOf(answer) is { } id)
            return id;
        if (answer.Status == HttpStatusCode.NotFound)
            throw await WhyNotFoundAsync(organizationId, cancellationToken);
        // Whatever the refusal says, another attempt may have created the group first.
        return await FindAsync(organizationId, cancellationToken)
            ?? throw (answer.Succeeded ? KeycloakFailures.Clash($"POST {path}", answer) : KeycloakFailures.Refusal($"POST {path}", answer));
    }

    /// <summary>Adds a member of the organisation to the group.</summary>
    public async Task JoinAsync(string organizationId, string groupId, string userId, CancellationToken cancellationToken)
    {
        var path = $"{Collection(organizationId)}/{groupId}/members/{userId}";
        // Keycloak refuses a user that is in the group already as well.
        var refusal = await KeycloakAdmin.RefusalAsync(
            () => admin.PutNothingAsync(path, cancellationToken), () => HasAsync(organizationId, userId, cancellationToken));
        if (refusal is not null)
            throw KeycloakFailures.Refusal($"PUT {path}", refusal);
    }

    /// <summary>Takes the user out of the group. The membership of the organisation stays.</summary>
    public async Task LeaveAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        if (!await HasAsync(organizationId, userId, cancellationToken) || await FindAsync(organizationId, cancellationToken) is not { } group)
            return;
        var path = $"{Collection(organizationId)}/{group}/members/{userId}";
        var refusal = await KeycloakAdmin.RefusalAsync(
            () => admin.DeleteAsync(path, cancellationToken), async () => !await HasAsync(organizationId, userId, cancellationToken));
        if (refusal is not null)
            throw KeycloakFailures.Refusal($"DELETE {path}", refusal);
    }

    /// <summary>Whether the user is in the group. Nobody outside the organisation is.</summary>
    public async Task<bool> HasAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        var path = $"organizations/{organizationId}/members/{userId}/groups?search={Name}&max=100";
        var answer = await admin.GetAsync(path, cancellationToken);
        // 404 for a user who is not a member, 400 for one who does not exist.
        return answer.Status is not (HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
            && KeycloakAdmin.Read<IReadOnlyList<GroupRepresentation>>(answer, KeycloakAdmin.Describe("GET", path)).Any(IsIt);
    }

    private async Task<string?> FindAsync(string organizationId, CancellationToken cancellationToken)
    {
        var path = $"{Collection(organizationId)}?search={Name}&exact=true&max=100";
        var answer = await admin.GetAsync(path, cancellationToken);
        return answer.Status == HttpStatusCode.NotFound
            ? throw await WhyNotFoundAsync(organizationId, cancellationToken)
            : KeycloakAdmin.Read<IReadOnlyList<GroupRepresentation>>(answer, KeycloakAdmin.Describe("GET", path)).FirstOrDefault(IsIt)?.Id;
    }

    // Keycloak returns the same status for an organisation and for a path that it does not know.
    private async Task<StepFailureException> WhyNotFoundAsync(string organizationId, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync($"organizations/{organizationId}", cancellationToken);
        return answer.Succeeded ? KeycloakFailures.NoGroups($"POST {Collection(organizationId)}") : KeycloakFailures.OrganizationGone(organizationId);
    }

    private static bool IsIt(GroupRepresentation group) => group.Name == Name && group.Path is null or Path;

    private static string Collection(string organizationId) => $"organizations/{organizationId}/groups";
}
