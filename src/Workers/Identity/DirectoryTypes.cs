using Saga.Contracts.Identifiers;

namespace Saga.Workers.Identity;

/// <summary>The organisation that a tenant must have. Its alias is the slug.</summary>
public sealed record OrganizationSpec(TenantId Tenant, Slug Slug, string Name, string? Domain, string? Description = null)
{
    /// <summary>The installation whose id a new organisation bears, where several may share the directory.</summary>
    public Guid? Installation { get; init; }

    /// <summary>
    /// The possible names, in order of preference. Tenants may share a display name but organisations may not, and the slug is unique.
    /// An organisation that has one of these names keeps it, so that a retry changes nothing.
    /// </summary>
    public IReadOnlyList<string> Names { get; } = [Name, $"{Name} ({Slug})"];
}

public sealed record DirectoryOrganization
{
    public required string Id { get; init; }

    public required string Alias { get; init; }

    public required string Name { get; init; }

    public required bool Enabled { get; init; }

    public required IReadOnlyList<string> Domains { get; init; }

    public string? Description { get; init; }
}

/// <summary>An organisation that bears a tenant's id.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Installation">The installation whose id it bears; null for one that an earlier version made.</param>
/// <param name="Organization">The organisation.</param>
public sealed record TenantOrganization(TenantId Tenant, Guid? Installation, DirectoryOrganization Organization);

/// <summary>What an update changes of a tenant's organisation. Everything else about it stays.</summary>
public sealed record OrganizationUpdate
{
    /// <summary>The name and the description that it must have; its domain is not considered.</summary>
    public required OrganizationSpec Wanted { get; init; }

    /// <summary>Domains that it must have. Others that it has stay.</summary>
    public required IReadOnlyCollection<string> Add { get; init; }

    /// <summary>Domains that it must not have.</summary>
    public required IReadOnlyCollection<string> Remove { get; init; }

    /// <summary>The domains after the update.</summary>
    public IReadOnlyList<string> Apply(IEnumerable<string> domains) =>
        [.. domains.Concat(Add).Except(Remove, StringComparer.OrdinalIgnoreCase).Distinct(StringComparer.OrdinalIgnoreCase)];
}

/// <summary>What disabling an organisation did.</summary>
/// <param name="Members">How many members it has.</param>
/// <param name="SignedOut">How many of them were signed out, because they belong to no other organisation.</param>
public sealed record DisabledOrganization(int Members, int SignedOut);

/// <param name="Members">Members of the tenant's organisation.</param>
/// <param name="MadeForTenant">Users that were made for the tenant, whether they are members or not.</param>
public sealed record TenantMembers(long Members, long MadeForTenant);

/// <summary>A member of an organisation, as the directory describes the person.</summary>
public sealed record DirectoryMember
{
    public required string Id { get; init; }

    public string? Username { get; init; }

    public string? Email { get; init; }

    public string? FirstName { get; init; }

    public string? LastName { get; init; }

    public required bool Enabled { get; init; }

    public required bool EmailVerified { get; init; }
}

/// <summary>What was removed with an organisation.</summary>
/// <param name="Users">Users that were deleted.</param>
/// <param name="Memberships">Memberships that were ended of users who stay.</param>
public sealed record RemovedMembers(long Users, long Memberships);

public sealed record DirectoryUser
{
    public required string Id { get; init; }

    /// <summary>In lower case.</summary>
    public required string Email { get; init; }

    /// <summary>The tenant whose provisioning created the user; null for other users.</summary>
    public TenantId? MadeFor { get; init; }

    public required bool Enabled { get; init; }

    public required bool EmailVerified { get; init; }

    /// <summary>What the user must do at the next sign-in, such as <c>UPDATE_PASSWORD</c>.</summary>
    public required IReadOnlyList<string> RequiredActions { get; init; }
}

public static class DirectoryGroups
{
    /// <summary>
    /// The group in each organisation whose members administer that organisation's tenant, and no other. A role of the realm could
    /// not express this: it would hold in every organisation that the user ever joins.
    /// </summary>
    public const string TenantAdmin = "tenant-admin";
}

public static class RequiredActions
{
    /// <summary>The actions required of a user created here, in this order.</summary>
    public static IReadOnlyList<string> OfNewUser { get; } = ["VERIFY_EMAIL", "UPDATE_PASSWORD"];
}
