namespace Saga.Tests.Support.Keycloak.Real;

public sealed record RealRealmOptions
{
    public bool OrganizationsEnabled { get; init; } = true;

    /// <summary>Whether the realm keeps user attributes that its profile does not declare (ADMIN_EDIT). Keycloak's default is to drop them.</summary>
    public bool UnmanagedUserAttributes { get; init; } = true;

    /// <summary>Roles of the client realm-management that the service account has.</summary>
    public IReadOnlyList<string> ServiceAccountRoles { get; init; } = ["manage-organizations", "manage-users"];
}
