using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Workers.Runtime;
using System.Net;
using System.Runtime.CompilerServices;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>The directory in a Keycloak realm with Organizations enabled. Thread-safe.</summary>
internal sealed partial class KeycloakDirectory(
    KeycloakAdmin admin, KeycloakOrganizations organizations, KeycloakUsers users, KeycloakGroups groups, KeycloakSignOut signOut, KeycloakRemoval removal,
    IOptions<KeycloakOptions> options, ILogger<KeycloakDirectory> log) : IDirectory
{
    public string System => KeycloakFailures.System;

    public TimeSpan LingersFor => TimeSpan.FromSeconds(options.Value.LingersForSeconds);

    public Task<DirectoryOrganization> EnsureOrganizationAsync(OrganizationSpec wanted, CancellationToken cancellationToken) =>
        organizations.EnsureAsync(wanted, cancellationToken);

    public async Task<DirectoryOrganization?> FindOrganizationAsync(TenantId tenant, CancellationToken cancellationToken) =>
        await organizations.FindAsync(tenant, cancellationToken) is { } found ? KeycloakOrganizations.Describe(found) : null;

    public IAsyncEnumerable<TenantOrganization> OrganizationsAsync(TenantId? tenant, CancellationToken cancellationToken) => organizations.OfTenantsAsync(tenant, cancellationToken);

    public Task DeleteOrganizationAsync(TenantId tenant, CancellationToken cancellationToken) => organizations.DeleteAsync(tenant, cancellationToken);

    public async Task<TenantMembers> CountMembersAsync(TenantId tenant, CancellationToken cancellationToken) => new(
        await organizations.FindAsync(tenant, cancellationToken) is { Id: { } id } ? await organizations.CountMembersAsync(id, cancellationToken) : 0,
        await removal.CountAsync(KeycloakOrganizations.QueryFor(tenant), user => user.MadeFor == tenant, cancellationToken));

    public async IAsyncEnumerable<DirectoryMember> MembersAsync(TenantId tenant, string? userId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await organizations.FindAsync(tenant, cancellationToken) is not { Id: { } id })
            yield break;
        await foreach (var user in userId is null ? organizations.MembersAsync(id, cancellationToken) : organizations.MemberAsync(id, userId, cancellationToken))
        {
            yield return new()
            {
                Id = user.Id!,
                Username = user.Username,
                Email = user.Email,
                FirstName = user.FirstName,
                LastName = user.LastName,
                Enabled = user.Enabled ?? false,
                EmailVerified = user.EmailVerified ?? false,
            };
        }
    }

    public async Task<RemovedMembers> RemoveOrganizationAsync(
        TenantId tenant, Func<DirectoryUser, CancellationToken, Task<bool>> mayDelete, Action<RemovedMembers>? removing, CancellationToken cancellationToken)
    {
        var removed = new RemovedMembers(0, 0);
        var organization = await organizations.FindAsync(tenant, cancellationToken);
        await removal.DeleteUsersAsync(
            organization?.Id, user => user.MadeFor == tenant, KeycloakOrganizations.QueryFor(tenant), mayDelete, () => Count(removed with { Users = removed.Users + 1 }), cancellationToken);
        await organizations.DeleteAsync(tenant, cancellationToken, () => Count(removed with { Memberships = removed.Memberships + 1 }));
        return removed;

        void Count(RemovedMembers sofar)
        {
            removed = sofar;
            removing?.Invoke(sofar);
        }
    }

    public async Task<DisabledOrganization?> DisableOrganizationAsync(TenantId tenant, CancellationToken cancellationToken) =>
        await organizations.SetEnabledAsync(tenant, enabled: false, cancellationToken) is { } id ? await signOut.MembersAsync(id, cancellationToken) : null;

    public Task<DirectoryOrganization?> UpdateOrganizationAsync(OrganizationUpdate update, CancellationToken cancellationToken) =>
        organizations.UpdateAsync(update, cancellationToken);

    public Task EnableOrganizationAsync(TenantId tenant, CancellationToken cancellationToken) =>
        organizations.SetEnabledAsync(tenant, enabled: true, cancellationToken);

    public async Task<DirectoryUser> EnsureUserAsync(TenantId tenant, string email, CancellationToken cancellationToken)
    {
        var username = email.ToLowerInvariant();
        return await users.EnsureAsync(tenant, username, await users.FindByNameAsync(username, cancellationToken), static _ => Task.CompletedTask, cancellationToken);
    }

    public Task<DirectoryUser?> FindUserAsync(string email, CancellationToken cancellationToken) =>
        users.FindAsync(email.ToLowerInvariant(), cancellationToken);

    public async Task EnsureMemberAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        var path = $"organizations/{organizationId}/members";
        var refusal = await KeycloakAdmin.RefusalAsync(
            () => admin.PostTextAsync(path, userId, cancellationToken), () => IsMemberAsync(organizationId, userId, cancellationToken));
        if (refusal is not null)
            throw KeycloakFailures.Refusal($"POST {path}", refusal);
    }

    public Task EndMemberAsync(string organizationId, string userId, CancellationToken cancellationToken) =>
        organizations.RemoveMemberAsync(organizationId, userId, cancellationToken);

    public IAsyncEnumerable<DirectoryUser> UsersOfDomainAsync(string domain, CancellationToken cancellationToken) => users.OfDomainAsync(domain, cancellationToken);

    public async Task<bool> IsMemberAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        var path = $"organizations/{organizationId}/members/{userId}";
        var answer = await admin.GetAsync(path, cancellationToken);
        if (!answer.Succeeded && answer.Status is not (HttpStatusCode.NotFound or HttpStatusCode.BadRequest))
            throw KeycloakFailures.Rejected($"GET {path}", answer);
        return answer.Succeeded;
    }

    public async Task EnsureAdministersAsync(string organizationId, string userId, CancellationToken cancellationToken) =>
        await groups.JoinAsync(organizationId, await groups.EnsureAsync(organizationId, cancellationToken), userId, cancellationToken);

    public Task EndAdministersAsync(string organizationId, string userId, CancellationToken cancellationToken) => groups.LeaveAsync(organizationId, userId, cancellationToken);

    public Task<bool> AdministersAsync(string organizationId, string userId, CancellationToken cancellationToken) =>
        groups.HasAsync(organizationId, userId, cancellationToken);

    // Independent calls run in parallel to save time. The user is created only after all of them have succeeded.
    public async Task<DirectoryUser?> EnsureAdministratorAsync(TenantId tenant, string? organizationId, string email, CancellationToken cancellationToken)
    {
        var username = email.ToLowerInvariant();
        var grouping = FindGroupAsync();
        var knowing = users.FindByNameAsync(username, cancellationToken);
        await Task.WhenAll(grouping, knowing);
        if (await grouping is not var (organization, group))
            return null;
        return await users.EnsureAsync(tenant, username, await knowing, EquipAsync, cancellationToken);

        async Task<(string Organization, string Group)?> FindGroupAsync() =>
            (organizationId ?? (await organizations.FindAsync(tenant, cancellationToken))?.Id) is { } found
                ? (found, await groups.EnsureAsync(found, cancellationToken))
                : null;

        // One after the other, because only members may join an organisation's group.
        async Task EquipAsync(string userId)
        {
            await EnsureMemberAsync(organization, userId, cancellationToken);
            await groups.JoinAsync(organization, group, userId, cancellationToken);
        }
    }

    public async Task<bool> SendRequiredActionsAsync(DirectoryUser user, CancellationToken cancellationToken)
    {
        if (!options.Value.SendActionsEmail || user.RequiredActions.Count == 0)
            return false;
        try
        {
            var answer = await admin.PutOnceAsync(
                $"users/{user.Id}/execute-actions-email?lifespan={options.Value.ActionsEmailLifespanSeconds}", user.RequiredActions, cancellationToken);
            if (answer.Succeeded)
                return true;
            LogNotMailed(user.Id, $"{(int)answer.Status}: {answer.ErrorText}");
        }
        catch (StepFailureException e)
        {
            LogNotMailed(user.Id, e.Message);
        }

        return false;
    }

    public async Task ReleaseUserAsync(
        TenantId tenant, string email, Func<DirectoryUser, CancellationToken, Task<bool>> mayDelete, CancellationToken cancellationToken)
    {
        if (await FindUserAsync(email, cancellationToken) is not { } user)
            return;
        var organization = await organizations.FindAsync(tenant, cancellationToken);
        if (organization is not null)
            await organizations.RemoveMemberAsync(organization.Id!, user.Id, cancellationToken);

        // Asked before the other organisations are listed: nobody becomes a member of one once it has agreed.
        if (!await mayDelete(user, cancellationToken))
            return;
        var path = $"organizations/members/{user.Id}/organizations";
        var answer = await admin.GetAsync(path, cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound)
            return;
        var others = KeycloakAdmin.Read<IReadOnlyList<OrganizationRepresentation>>(answer, $"GET {path}").Any(o => o.Id != organization?.Id);
        if (!others)
            await users.DeleteAsync(user.Id, cancellationToken);
    }

    [LoggerMessage(EventId = 5001, Level = LogLevel.Warning,
        Message = "Keycloak did not mail user {UserId} the required actions; the user can request the mail on the sign-in page. {Reason}")]
    private partial void LogNotMailed(string userId, string reason);
}
