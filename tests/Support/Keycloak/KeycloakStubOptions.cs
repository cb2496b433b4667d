namespace Saga.Tests.Support.Keycloak;

public sealed record KeycloakStubOptions
{
    public string Realm { get; init; } = "saga";

    public string ClientId { get; init; } = "saga-control-plane";

    public string ClientSecret { get; init; } = "s3cret-of-the-control-plane";

    /// <summary>The realm's switch, off by default in Keycloak.</summary>
    public bool OrganizationsEnabled { get; init; } = true;

    /// <summary>Whether the realm keeps user attributes that its profile does not declare (ADMIN_EDIT). Keycloak's default is to drop them.</summary>
    public bool UnmanagedUserAttributes { get; init; } = true;

    /// <summary>Whether the realm can send mail.</summary>
    public bool Smtp { get; init; }

    /// <summary>Roles of the client realm-management that the service account has.</summary>
    public IReadOnlyList<string> ServiceAccountRoles { get; init; } = ["manage-organizations", "manage-users"];

    /// <summary>Shown only to service accounts with manage-realm.</summary>
    public string Version { get; init; } = "26.7.3";

    /// <summary>Whether organisations have groups, as from 26.6.</summary>
    public bool OrganizationGroups { get; init; } = true;

    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The delay added to every call.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The status when a creation violates a unique constraint in the database that Keycloak's own check did not catch.</summary>
    public int ConflictStatus { get; init; } = 409;

    /// <summary>Whether to record every call, for tests that count them; benchmarks switch it off.</summary>
    public bool KeepCalls { get; init; } = true;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
