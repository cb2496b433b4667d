using System.Text.Json;

namespace Saga.Tests.Support.Keycloak;

/// <summary>A handler's input: the route's parameters, the query, and the body.</summary>
internal sealed record StubRequest(IReadOnlyList<string> Parts, IReadOnlyDictionary<string, string> Query, string Body)
{
    public JsonElement Json
    {
        get
        {
            try
            {
                using var document = JsonDocument.Parse(Body);
                return document.RootElement.Clone();
            }
            catch (JsonException)
            {
                throw KeycloakRefusal.Coded(400, "invalid_request", "Cannot parse the JSON");
            }
        }
    }
}

/// <summary>A response: a status, and a body or the id of the created resource.</summary>
internal sealed record StubAnswer(int Status, object? Body = null, string? CreatedId = null)
{
    public static StubAnswer Done { get; } = new(204);

    public static StubAnswer Ok(object body) => new(200, body);

    public static StubAnswer Created(string id) => new(201, CreatedId: id);
}

/// <summary>An operation. The caller needs one role of each set.</summary>
internal sealed record StubRoute(string Method, string Template, IReadOnlyList<IReadOnlyList<string>> Roles, Func<StubRequest, StubAnswer> Act);

/// <summary>The admin API's operations that the stub supports, by their templates below the realm.</summary>
internal static class KeycloakRoutes
{
    /// <summary>The template of <c>/admin/serverinfo</c>, which is not below the realm.</summary>
    public const string ServerInfo = "/admin/serverinfo";

    // From keycloak-26.7.3-roles.json. Members and groups of organisations need manage-users as well.
    private static readonly IReadOnlyList<string>[] Realm = [["manage-realm"]];
    private static readonly IReadOnlyList<string>[] Events = [["view-events"]];
    private static readonly IReadOnlyList<string>[] Users = [["manage-users"]];
    private static readonly IReadOnlyList<string>[] Organizations = [["manage-organizations", "manage-realm"]];
    private static readonly IReadOnlyList<string>[] Any = [["manage-organizations", "manage-realm", "manage-users"]];
    private static readonly IReadOnlyList<string>[] Members = [.. Organizations, .. Users];

    public static IReadOnlyList<StubRoute> Of(KeycloakRealm realm, KeycloakPeople people, KeycloakGroups groups) =>
    [
        new("GET", "organizations", Organizations, r => StubAnswer.Ok(realm.ListOrganizations(r.Query))),
        new("POST", "organizations", Organizations, r => StubAnswer.Created(realm.CreateOrganization(r.Json))),
        new("GET", "organizations/members/{member-id}/organizations", Members, r => StubAnswer.Ok(people.OrganizationsOf(r.Parts[0]))),
        new("GET", "organizations/count", Organizations, _ => StubAnswer.Ok(realm.Organizations.Count)),
        new("GET", "organizations/{org-id}", Organizations, r => StubAnswer.Ok(KeycloakRealm.Represent(realm.Organization(r.Parts[0]), brief: false))),
        new("PUT", "organizations/{org-id}", Organizations, r => Done(() => realm.UpdateOrganization(r.Parts[0], r.Json))),
        new("DELETE", "organizations/{org-id}", Organizations, r => Done(() => realm.DeleteOrganization(r.Parts[0]))),
        new("GET", "organizations/{org-id}/members", Members, r => StubAnswer.Ok(people.ListMembers(r.Parts[0], r.Query))),
        new("POST", "organizations/{org-id}/members", Members, r =>
        {
            people.AddMember(r.Parts[0], r.Body);
            return StubAnswer.Created(r.Body.Trim().Trim('"'));
        }),
        new("GET", "organizations/{org-id}/members/count", Members, r => StubAnswer.Ok(people.CountMembers(r.Parts[0]))),
        new("GET", "organizations/{org-id}/members/{member-id}", Members, r => StubAnswer.Ok(people.GetMember(r.Parts[0], r.Parts[1]))),
        new("DELETE", "organizations/{org-id}/members/{member-id}", Members, r => Done(() => people.RemoveMember(r.Parts[0], r.Parts[1]))),
        new("GET", "organizations/{org-id}/members/{member-id}/groups", Members, r => StubAnswer.Ok(groups.Of(r.Parts[0], r.Parts[1], r.Query))),
        new("GET", "organizations/{org-id}/groups", Members, r => StubAnswer.Ok(groups.List(r.Parts[0], r.Query))),
        new("POST", "organizations/{org-id}/groups", Members, r =>
        {
            var made = groups.Create(r.Parts[0], r.Json);
            return new StubAnswer(201, KeycloakGroups.Represent(made), made.Id);
        }),
        new("PUT", "organizations/{org-id}/groups/{group-id}/members/{userId}", Members, r => Done(() => groups.Join(r.Parts[0], r.Parts[1], r.Parts[2]))),
        new("DELETE", "organizations/{org-id}/groups/{group-id}/members/{userId}", Members, r => Done(() => groups.Leave(r.Parts[0], r.Parts[1], r.Parts[2]))),
        new("GET", ServerInfo, Any, _ => StubAnswer.Ok(people.ServerInfo())),
        new("GET", "", Any, _ => StubAnswer.Ok(people.RealmInfo())),
        new("GET", "events", Events, r => StubAnswer.Ok(realm.ListEvents(r.Query))),
        new("GET", "users/profile", Users, _ => StubAnswer.Ok(people.Profile())),
        new("GET", "users", Users, r => StubAnswer.Ok(people.ListUsers(r.Query))),
        new("POST", "users", Users, r => StubAnswer.Created(people.CreateUser(r.Json))),
        new("GET", "users/{user-id}", Users, r => StubAnswer.Ok(KeycloakPeople.Represent(people.User(r.Parts[0]), brief: false))),
        new("DELETE", "users/{user-id}", Users, r => Done(() => people.DeleteUser(r.Parts[0]))),
        new("PUT", "users/{user-id}/execute-actions-email", Users, r => Done(() => people.MailActions(r.Parts[0], r.Json))),
        new("POST", "users/{user-id}/logout", Users, r => Done(() => people.User(r.Parts[0]))),
        new("GET", "users/{user-id}/role-mappings", Users, r => StubAnswer.Ok(people.RoleMappings(r.Parts[0]))),
        new("GET", "users/{user-id}/federated-identity", Users, r => StubAnswer.Ok(people.Links(r.Parts[0]))),
        new("GET", "users/{user-id}/groups", Users, r => StubAnswer.Ok(people.Groups(r.Parts[0], r.Query))),
        new("GET", "users/{user-id}/role-mappings/realm", Users, r => StubAnswer.Ok(people.Grants(r.Parts[0]))),
        new("POST", "users/{user-id}/role-mappings/realm", Users, r => Done(() => people.Grant(r.Parts[0], r.Json))),
        new("DELETE", "users/{user-id}/role-mappings/realm", Users, r => Done(() => people.Revoke(r.Parts[0], r.Json))),
        new("GET", "roles/{role-name}", Realm, r => StubAnswer.Ok(people.GetRole(r.Parts[0]))),
        new("POST", "roles", Realm, r =>
        {
            people.CreateRole(r.Json);
            return StubAnswer.Created(KeycloakRealm.Text(r.Json, "name")!);
        }),
    ];

    /// <summary>The route and the values of its parameters; literal segments take precedence.</summary>
    public static (StubRoute Route, IReadOnlyList<string> Parts)? Find(IReadOnlyList<StubRoute> routes, string method, string path)
    {
        var segments = path.Split('/');
        foreach (var route in routes.Where(r => r.Method == method))
        {
            var template = route.Template.Split('/');
            if (template.Length == segments.Length && template.Zip(segments).All(s => s.First == s.Second || s.First.StartsWith('{')))
                return (route, [.. template.Zip(segments).Where(s => s.First.StartsWith('{')).Select(s => Uri.UnescapeDataString(s.Second))]);
        }

        return null;
    }

    private static StubAnswer Done(Action act)
    {
        act();
        return StubAnswer.Done;
    }
}
