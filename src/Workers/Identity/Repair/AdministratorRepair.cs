using Saga.Contracts.Identifiers;
using Saga.Registry.Paging;
using Saga.Registry.Tenants;

namespace Saga.Workers.Identity.Repair;

/// <summary>
/// Replaces the former role by groups. The registry decides who administers a tenant: only the administrator recorded there joins the
/// organisation's group. The role never decides, because it does not say whose administrator its holder was. May run several times and
/// after an interruption: the group comes first, so that nobody is left with neither.
/// </summary>
public sealed class AdministratorRepair(IDirectory directory, IFormerRole former, TenantListing tenants)
{
    private const int PageSize = 100;
    private static readonly TenantFilter Live = new() { Statuses = [TenantStatus.Active, TenantStatus.Suspended] };

    public async Task<AdministratorRepairReport> RunAsync(CancellationToken cancellationToken)
    {
        var (joined, revoked, skipped) = (0, 0, new List<string>());
        Cursor? after = null;
        do
        {
            var page = await tenants.ListAsync(Live, "createdAt", after, PageSize, cancellationToken);
            foreach (var tenant in page.Items)
            {
                if (tenant is not { OrganizationId: { } organization, AdminUserId: { } user })
                {
                    skipped.Add($"{tenant.Slug}: the registry names no organisation or no administrator.");
                    continue;
                }

                if (!await directory.IsMemberAsync(organization, user, cancellationToken))
                {
                    skipped.Add($"{tenant.Slug}: the administrator {tenant.AdminEmail} ({user}) is not a member of the organisation {organization}.");
                    continue;
                }

                if (!await directory.AdministersAsync(organization, user, cancellationToken))
                {
                    await directory.EnsureAdministersAsync(organization, user, cancellationToken);
                    joined++;
                }

                if (await former.RevokeAsync(user, cancellationToken))
                    revoked++;
            }

            after = page.Next;
        }
        while (after is not null);

        var left = new List<DirectoryUser>();
        await foreach (var holder in former.HoldersAsync(cancellationToken))
            left.Add(holder);
        return new() { Joined = joined, Revoked = revoked, Skipped = skipped, OtherHolders = left };
    }
}

/// <summary>What <see cref="AdministratorRepair"/> did.</summary>
public sealed record AdministratorRepairReport
{
    /// <summary>Administrators who joined their organisation's group.</summary>
    public required int Joined { get; init; }

    /// <summary>Administrators from whom the former role was taken.</summary>
    public required int Revoked { get; init; }

    /// <summary>Tenants whose administrator could not be given the group, and why.</summary>
    public required IReadOnlyList<string> Skipped { get; init; }

    /// <summary>Users who still have the former role, which no longer grants anything.</summary>
    public required IReadOnlyList<DirectoryUser> OtherHolders { get; init; }
}
