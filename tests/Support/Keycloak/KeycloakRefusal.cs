namespace Saga.Tests.Support.Keycloak;

/// <summary>Keycloak's two error formats.</summary>
internal sealed class KeycloakRefusal(int status, object body) : Exception
{
    public int Status { get; } = status;

    public object Body { get; } = body;

    public static KeycloakRefusal Worded(int status, string errorMessage) => new(status, new { errorMessage });

    public static KeycloakRefusal Coded(int status, string error, string? description = null) =>
        new(status, description is null ? new { error } : new { error, error_description = description });
}
