using Saga.Contracts.Identifiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>
/// What the life of a tenant needs of an identity provider. Everything here is idempotent: what is there is kept,
/// what is gone is fine. Refusals are <see cref="StepFailureException"/>, transient when another attempt may help.
/// E-mail addresses are compared without regard to case. Thread-safe.
/// </summary>
public interface IDirectory
{
    /// <inheritdoc cref="Saga.Workers.Runtime.IStep.LingersFor"/>
    TimeSpan LingersFor => TimeSpan.Zero;

    /// <summary>
    /// The tenant's organisation, made when missing and mended when its name, domain or enabling differ.
    /// It takes the first of <see cref="OrganizationSpec.Names"/> that is free. An alias, domain, or all the names held by
    /// others are a permanent failure, as <see cref="DirectoryFailures"/> names them.
    /// </summary>
    Task<DirectoryOrganization> EnsureOrganizationAsync(OrganizationSpec wanted, CancellationToken cancellationToken);

    Task<DirectoryOrganization?> FindOrganizationAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>Removes the members, then the organisation. Users that exist beside it stay.</summary>
    Task DeleteOrganizationAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>
    /// The user with this address as username. One made here is marked as made for the tenant, has no password, and must
    /// verify the address and choose a password first. One that exists is taken as it is, provided that it is enabled
    /// and that somebody vouches for the address: it was verified, or the user was made for a tenant.
    /// </summary>
    Task<DirectoryUser> EnsureUserAsync(TenantId tenant, string email, CancellationToken cancellationToken);

    Task<DirectoryUser?> FindUserAsync(string email, CancellationToken cancellationToken);

    Task EnsureMemberAsync(string organizationId, string userId, CancellationToken cancellationToken);

    Task<bool> IsMemberAsync(string organizationId, string userId, CancellationToken cancellationToken);

    /// <summary>Grants the role, which is made when the provider does not know it.</summary>
    Task EnsureRoleAsync(string userId, string role, CancellationToken cancellationToken);

    /// <summary>Makes the user an administrator of the tenant: user, membership and role, as the three calls above do.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="organizationId">Its organisation, when the caller knows it; looked up when null. One that is gone is a permanent failure.</param>
    /// <param name="email">The administrator's address.</param>
    /// <param name="cancellationToken">Cancels the calls; what was made stays.</param>
    /// <returns>Null when an organisation was looked up and there is none; then there is no new user either.</returns>
    async Task<DirectoryUser?> EnsureAdministratorAsync(TenantId tenant, string? organizationId, string email, CancellationToken cancellationToken)
    {
        organizationId ??= (await FindOrganizationAsync(tenant, cancellationToken))?.Id;
        if (organizationId is null)
            return null;
        var user = await EnsureUserAsync(tenant, email, cancellationToken);
        await EnsureMemberAsync(organizationId, user.Id, cancellationToken);
        await EnsureRoleAsync(user.Id, DirectoryRoles.TenantAdmin, cancellationToken);
        return user;
    }

    /// <summary>The roles granted to the user directly.</summary>
    Task<IReadOnlyList<string>> RolesAsync(string userId, CancellationToken cancellationToken);

    /// <summary>
    /// Asks the provider to mail the user the actions still required of it, where that is configured.
    /// A courtesy that never fails the caller.
    /// </summary>
    /// <returns>Whether the provider took the mail.</returns>
    Task<bool> SendRequiredActionsAsync(DirectoryUser user, CancellationToken cancellationToken);

    /// <summary>
    /// Undoes what made the user an administrator of the tenant: ends the membership, deletes the user when it was made
    /// for this tenant and belongs to no other, and takes <see cref="DirectoryRoles.TenantAdmin"/> from one that stays
    /// without any organisation.
    /// </summary>
    Task ReleaseUserAsync(TenantId tenant, string email, CancellationToken cancellationToken);
}
