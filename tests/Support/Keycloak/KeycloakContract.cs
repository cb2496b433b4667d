using Saga.Tests.Support.Keycloak.OpenApi;

namespace Saga.Tests.Support.Keycloak;

/// <summary>Keycloak's OpenAPI document, and the server's known deviations from it.</summary>
public static class KeycloakContract
{
    public const string File = "keycloak-26.6.0-openapi.json";
    private const string Realm = "/admin/realms/{realm}/";
    private static readonly Lazy<OpenApiDocument?> Loaded = new(() => ContractFiles.Find(File) is { } path ? OpenApiDocument.Load(path) : null);

    private static readonly HashSet<(string, int)> Deviations =
    [
        ($"POST {Realm}organizations", 409),
        ($"POST {Realm}organizations", 404),
        ($"GET {Realm}organizations/{{org-id}}", 404),
        ($"PUT {Realm}organizations/{{org-id}}", 404),
        ($"DELETE {Realm}organizations/{{org-id}}", 404),
        ($"GET {Realm}users/{{user-id}}", 404),
        ($"DELETE {Realm}users/{{user-id}}", 404),
        ($"GET {Realm}users/{{user-id}}/role-mappings/realm", 404),
        ($"POST {Realm}users/{{user-id}}/logout", 404),
        ($"GET {Realm}organizations/{{org-id}}/members", 404),
        ($"POST {Realm}organizations/{{org-id}}/members", 404),
        ($"GET {Realm}organizations/{{org-id}}/members/{{member-id}}", 404),
        ($"DELETE {Realm}organizations/{{org-id}}/members/{{member-id}}", 404),
        ($"GET {Realm}organizations/{{org-id}}/groups", 404),
        ($"POST {Realm}organizations/{{org-id}}/groups", 201),
        ($"GET {Realm}organizations/{{org-id}}/members/{{member-id}}/groups", 404),
        ($"GET {Realm}organizations/members/{{member-id}}/organizations", 404),
    ];

    /// <summary>Null when the document is not available; then nothing is validated.</summary>
    public static OpenApiDocument? Document => Loaded.Value;

    /// <summary>Any operation may fail with a refused token, a missing role, or an outage.</summary>
    public static bool Deviates(string operation, int status) => status is 401 or 403 or 429 or >= 500 || Deviations.Contains((operation, status));
}
