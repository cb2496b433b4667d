using Saga.Workers.Runtime;
using Saga.Workers.Verification;

namespace Saga.Workers.Identity;

/// <summary>The tenant's organisation is there and enabled, and the administrator belongs to it and has the role.</summary>
public sealed class IdentityVerification(IDirectory directory) : IVerification
{
    public const string Failed = "identity-unverified";

    public string Name => "identity";

    public async Task VerifyAsync(StepContext context, CancellationToken cancellation)
    {
        var tenant = context.Tenant;
        var organization = await directory.FindOrganizationAsync(tenant.Id, cancellation) ?? throw DirectoryFailures.Missing(tenant.Id, "identity");
        Require(organization.Enabled, $"the organisation '{organization.Alias}' is disabled", "identity");
        Require(organization.Alias == tenant.Slug.ToString(), $"the organisation's alias is '{organization.Alias}'", "identity");
        Require(organization.Id == tenant.OrganizationId, $"the organisation's id is {organization.Id}, and the registry has '{tenant.OrganizationId}'", "identity");

        var user = await directory.FindUserAsync(tenant.AdminEmail, cancellation);
        Require(user is not null, $"the administrator '{tenant.AdminEmail}' does not exist", "administrator");
        Require(user!.Enabled, $"the administrator '{tenant.AdminEmail}' is disabled", "administrator");
        Require(user.Id == tenant.AdminUserId, $"the administrator's id is {user.Id}, and the registry has '{tenant.AdminUserId}'", "administrator");
        Require(await directory.IsMemberAsync(organization.Id, user.Id, cancellation),
            $"the administrator '{tenant.AdminEmail}' is not a member of the organisation", "administrator");
        Require((await directory.RolesAsync(user.Id, cancellation)).Contains(DirectoryRoles.TenantAdmin, StringComparer.Ordinal),
            $"the administrator '{tenant.AdminEmail}' lacks the role {DirectoryRoles.TenantAdmin}", "administrator");

        void Require(bool holds, string otherwise, string step)
        {
            if (!holds)
                throw StepFailureException.Permanent(Failed, $"Tenant {tenant.Id}: {otherwise}.", $"Replay the operation from the step '{step}'.", "identity");
        }
    }
}
