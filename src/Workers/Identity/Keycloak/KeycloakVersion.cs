namespace Saga.Workers.Identity.Keycloak;

/// <summary>The supported versions of Keycloak.</summary>
public static class KeycloakVersion
{
    /// <summary>
    /// Organisations have groups from 26.6, but only from 26.7 does the role manage-organizations suffice to manage organisations.
    /// </summary>
    public static readonly Version Oldest = new(26, 7);
}
