using Saga.Contracts.Identifiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>
/// The operations that a tenant's lifecycle needs from an identity provider. All are idempotent: they keep what exists and accept
/// what is already gone. Refusals are <see cref="StepFailureException"/>, transient when another attempt may help.
/// E-mail addresses are compared without regard to case. Thread-safe.
/// </summary>
public interface IDirectory
{
    /// <summary>Its name in failures and in deletion certificates.</summary>
    string System { get; }

    /// <inheritdoc cref="Saga.Workers.Runtime.IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>
    /// Creates the tenant's organisation if it is missing, and repairs its name, domain and enabled flag.
    /// It gets the first free name of <see cref="OrganizationSpec.Names"/>. If the alias, the domain or all names belong to others,
    /// this fails permanently with a failure of <see cref="DirectoryFailures"/>.
    /// </summary>
    Task<DirectoryOrganization> EnsureOrganizationAsync(OrganizationSpec wanted, CancellationToken cancellationToken);

    Task<DirectoryOrganization?> FindOrganizationAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Whether other installations may have organisations in it, too.</summary>
    bool IsShared => true;

    /// <summary>
    /// The organisations that bear a tenant's id, page by page, one call at a time. One that is made or removed meanwhile may move others from one page to
    /// another, so that they are told twice or not at all.
    /// </summary>
    /// <param name="tenant">Only those of this tenant, which are told exactly; all when null.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    IAsyncEnumerable<TenantOrganization> OrganizationsAsync(TenantId? tenant, CancellationToken cancellationToken);

    /// <summary>Removes the members, then the organisation. Its users stay.</summary>
    Task DeleteOrganizationAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>How many members the tenant's organisation has, and how many users were made for the tenant.</summary>
    Task<TenantMembers> CountMembersAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>The members of the tenant's organisation; none when there is no organisation. One who joins or leaves meanwhile may be missing.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="userId">Only this one; everybody when null.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    IAsyncEnumerable<DirectoryMember> MembersAsync(TenantId tenant, string? userId, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the tenant's organisation, and those users that were made for this tenant, belong to no other organisation, hold no role beyond
    /// the defaults and are linked to no identity provider. All others only leave the organisation. Does nothing for what is gone already.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="mayDelete">Asked for each user that would be deleted: whether no other tenant needs it. Once it has agreed, none may until this call has ended.</param>
    /// <param name="removing">Called now and then with what was removed so far.</param>
    /// <param name="cancellationToken">Cancels the calls; what was removed is gone.</param>
    /// <returns>How much was removed.</returns>
    Task<RemovedMembers> RemoveOrganizationAsync(
        TenantId tenant, Func<DirectoryUser, CancellationToken, Task<bool>> mayDelete, Action<RemovedMembers>? removing, CancellationToken cancellationToken);

    /// <summary>
    /// Disables the tenant's organisation, keeps everything else about it, and ends the sessions of those members who belong to no other
    /// enabled organisation. The others keep theirs, because a session belongs to the user and not to one organisation.
    /// </summary>
    /// <returns>Null when the tenant has no organisation.</returns>
    Task<DisabledOrganization?> DisableOrganizationAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the name, the description and the domains of the tenant's organisation, and keeps everything else about it: one that is
    /// disabled stays so. Fails like <see cref="EnsureOrganizationAsync"/> if a name or a domain belongs to others.
    /// </summary>
    /// <returns>The organisation as it is then; null when the tenant has none.</returns>
    Task<DirectoryOrganization?> UpdateOrganizationAsync(OrganizationUpdate update, CancellationToken cancellationToken);

    /// <summary>Enables the tenant's organisation and keeps everything else about it. Does nothing if there is none.</summary>
    Task EnableOrganizationAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>
    /// Finds or creates the user with this address as user name. A new user is marked as created for the tenant, has no password, and
    /// must first verify the address and choose a password. An existing user is used unchanged if it is enabled and its address is
    /// trusted: the address was verified, or the user was created for a tenant.
    /// </summary>
    Task<DirectoryUser> EnsureUserAsync(TenantId tenant, string email, CancellationToken cancellationToken);

    Task<DirectoryUser?> FindUserAsync(string email, CancellationToken cancellationToken);

    Task EnsureMemberAsync(string organizationId, string userId, CancellationToken cancellationToken);

    /// <summary>Ends the membership, with which the user leaves the organisation's groups. The user stays. Does nothing for one who is no member.</summary>
    Task EndMemberAsync(string organizationId, string userId, CancellationToken cancellationToken);

    /// <summary>The users with an address in the domain. One who is created or deleted meanwhile may be missing.</summary>
    /// <param name="domain">The domain in lower case, such as <c>acme.com</c>. Addresses of its subdomains are others.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    IAsyncEnumerable<DirectoryUser> UsersOfDomainAsync(string domain, CancellationToken cancellationToken);

    Task<bool> IsMemberAsync(string organizationId, string userId, CancellationToken cancellationToken);

    /// <summary>Adds the member to the organisation's group <see cref="DirectoryGroups.TenantAdmin"/>, which is created if it is missing.</summary>
    Task EnsureAdministersAsync(string organizationId, string userId, CancellationToken cancellationToken);

    /// <summary>Takes the user out of the organisation's group <see cref="DirectoryGroups.TenantAdmin"/>. The membership stays.</summary>
    Task EndAdministersAsync(string organizationId, string userId, CancellationToken cancellationToken);

    /// <summary>Whether the user is a member of the organisation and of its group <see cref="DirectoryGroups.TenantAdmin"/>.</summary>
    Task<bool> AdministersAsync(string organizationId, string userId, CancellationToken cancellationToken);

    /// <summary>Makes the user an administrator of the tenant: creates the user and the membership, and adds the user to the group.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="organizationId">The tenant's organisation, if the caller knows it; looked up when null. A missing organisation is a permanent failure.</param>
    /// <param name="email">The administrator's address.</param>
    /// <param name="cancellationToken">Cancels the calls; things already created stay.</param>
    /// <returns>Null when the organisation was looked up and does not exist; then no user is created either.</returns>
    async Task<DirectoryUser?> EnsureAdministratorAsync(TenantId tenant, string? organizationId, string email, CancellationToken cancellationToken)
    {
        organizationId ??= (await FindOrganizationAsync(tenant, cancellationToken))?.Id;
        if (organizationId is null)
            return null;
        var user = await EnsureUserAsync(tenant, email, cancellationToken);
        await EnsureMemberAsync(organizationId, user.Id, cancellationToken);
        await EnsureAdministersAsync(organizationId, user.Id, cancellationToken);
        return user;
    }

    /// <summary>
    /// Asks the provider to mail the user about required actions, if that is configured. Best effort: it never fails the caller.
    /// </summary>
    /// <returns>Whether the provider accepted the request.</returns>
    Task<bool> SendRequiredActionsAsync(DirectoryUser user, CancellationToken cancellationToken);

    /// <summary>
    /// Undoes <see cref="EnsureAdministratorAsync"/>: ends the membership, with which the user leaves the organisation's groups, and
    /// deletes the user if <paramref name="mayDelete"/> agrees and the user belongs to no other organisation.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="email">The administrator's address.</param>
    /// <param name="mayDelete">
    /// Asked after the membership has ended: whether the user was created by provisioning, and no other tenant needs it. Only the
    /// caller knows of tenants that are about to make the user a member. Once it has agreed, none may until this call has ended.
    /// </param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    Task ReleaseUserAsync(TenantId tenant, string email, Func<DirectoryUser, CancellationToken, Task<bool>> mayDelete, CancellationToken cancellationToken);
}
