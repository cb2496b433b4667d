using System.Text.Json;
using System.Text.RegularExpressions;
using Saga.Contracts;

namespace Saga.Tests.Support.Keycloak;

/// <summary>The realm's users, members and role grants, with Keycloak's rules for them.</summary>
internal sealed partial class KeycloakPeople(KeycloakRealm realm, KeycloakStubOptions options)
{
    public object ListUsers(IReadOnlyDictionary<string, string> query)
    {
        var exact = query.GetValueOrDefault("exact") == "true";
        IEnumerable<StubUser> found = realm.Users.OrderBy(u => u.Username, StringComparer.Ordinal);
        if (query.GetValueOrDefault("username") is { } username)
            found = found.Where(u => Matches(u.Username, username, exact));
        if (query.GetValueOrDefault("email") is { } email)
            found = found.Where(u => u.Email is not null && Matches(u.Email, email, exact));
        if (query.GetValueOrDefault("q") is { } q)
            found = found.Where(u => KeycloakRealm.Pairs(q).All(p => u.Attributes.GetValueOrDefault(p.Key)?.Contains(p.Value) == true));
        return KeycloakRealm.Page(found, query, 100).Select(u => Represent(u, query.GetValueOrDefault("briefRepresentation") == "true")).ToList();
    }

    public string CreateUser(JsonElement body)
    {
        var username = KeycloakRealm.Text(body, "username")?.ToLowerInvariant();
        if (string.IsNullOrEmpty(username))
            throw KeycloakRefusal.Worded(400, "User name is missing");
        if (BadUsername().IsMatch(username))
            throw new KeycloakRefusal(400, new { field = "username", errorMessage = "error-username-invalid-character", @params = (string[])["username"] });
        var email = KeycloakRealm.Text(body, "email")?.ToLowerInvariant();
        if (realm.Users.Exists(u => u.Username == username))
            throw KeycloakRefusal.Worded(options.ConflictStatus, "User exists with same username");
        if (email is not null && realm.Users.Exists(u => u.Email == email))
            throw KeycloakRefusal.Worded(options.ConflictStatus, "User exists with same email");
        var made = new StubUser
        {
            Id = KeycloakRealm.NewId(),
            Username = username,
            Email = email,
            FirstName = KeycloakRealm.Text(body, "firstName"),
            LastName = KeycloakRealm.Text(body, "lastName"),
            EmailVerified = Flag(body, "emailVerified"),
            Enabled = Flag(body, "enabled"),
            Attributes = options.UnmanagedUserAttributes ? KeycloakRealm.Attributes(body) ?? [] : [],
            RequiredActions = body.TryGetProperty("requiredActions", out var actions) ? actions.Deserialize<List<string>>(Json.Options)! : [],
        };
        realm.Users.Add(made);
        return made.Id;
    }

    public StubUser User(string id) => realm.Users.Find(u => u.Id == id) ?? throw KeycloakRefusal.Coded(404, "User not found");

    public void DeleteUser(string id)
    {
        realm.Users.Remove(User(id));
        foreach (var organization in realm.Organizations)
            Leave(organization, id);
    }

    public object ListMembers(string organizationId, IReadOnlyDictionary<string, string> query) =>
        KeycloakRealm.Page(realm.Organization(organizationId).Members.Select(User).OrderBy(u => u.Username, StringComparer.Ordinal), query, 10)
            .Select(u => Member(u.Id, query.GetValueOrDefault("briefRepresentation") != "false")).ToList();

    public int CountMembers(string organizationId) => realm.Organization(organizationId).Members.Count;

    public void AddMember(string organizationId, string body)
    {
        var organization = realm.Organization(organizationId);
        var id = body.Trim().Trim('"');
        if (!realm.Users.Exists(u => u.Id == id))
            throw KeycloakRefusal.Coded(404, "HTTP 404 Not Found");
        if (organization.Members.Contains(id))
            throw KeycloakRefusal.Worded(409, "User is already a member of the organization.");
        organization.Members.Add(id);
    }

    public object GetMember(string organizationId, string userId) =>
        realm.Organization(organizationId).Members.Contains(userId) ? Member(userId, brief: false) : throw KeycloakRefusal.Coded(404, "HTTP 404 Not Found");

    public void RemoveMember(string organizationId, string userId)
    {
        if (!Leave(realm.Organization(organizationId), userId))
            throw KeycloakRefusal.Coded(404, "HTTP 404 Not Found");
    }

    public object OrganizationsOf(string userId)
    {
        _ = User(userId);
        return realm.Organizations.Where(o => o.Members.Contains(userId)).Select(o => KeycloakRealm.Represent(o, brief: true)).ToList();
    }

    public void MailActions(string userId, JsonElement body)
    {
        var user = User(userId);
        if (!user.Enabled)
            throw KeycloakRefusal.Worded(400, "User is disabled");
        if (user.Email is null)
            throw KeycloakRefusal.Worded(400, "User email missing");
        if (!options.Smtp)
            throw KeycloakRefusal.Worded(500, "Failed to send execute actions email: Please provide a valid address");
        user.Mails.Add(body.Deserialize<List<string>>(Json.Options)!);
    }

    public object ServerInfo() => KeycloakRealm.Without(new()
    {
        ["systemInfo"] = options.ServiceAccountRoles.Contains("manage-realm") ? new { version = options.Version } : null,
        ["protocolMapperTypes"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["openid-connect"] = new[] { "oidc-organization-membership-mapper", "oidc-organization-group-membership-mapper" }
                .Take(options.OrganizationGroups ? 2 : 1).Select(id => new { id }),
        },
    });

    public object RealmInfo() => new { realm = options.Realm, organizationsEnabled = options.OrganizationsEnabled };

    public object Profile() => KeycloakRealm.Without(new()
    {
        ["attributes"] = new[] { new { name = "username" }, new { name = "email" } },
        ["unmanagedAttributePolicy"] = options.UnmanagedUserAttributes ? "ADMIN_EDIT" : null,
    });

    public object GetRole(string name) => Represent(Role(name) ?? throw KeycloakRefusal.Coded(404, "Could not find role"));

    public void CreateRole(JsonElement body)
    {
        var name = KeycloakRealm.Text(body, "name")!;
        if (Role(name) is not null)
            throw KeycloakRefusal.Worded(409, $"Role with name {name} already exists");
        realm.Roles.Add(new(KeycloakRealm.NewId(), name, KeycloakRealm.Text(body, "description")));
    }

    /// <summary>Every user has the realm's default role.</summary>
    public object Grants(string userId)
    {
        var user = User(userId);
        return realm.Roles.Where(r => user.Roles.Contains(r.Name)).Concat(realm.Roles.Where(IsDefault)).Select(Represent).ToList();
    }

    public object RoleMappings(string userId)
    {
        var user = User(userId);
        return KeycloakRealm.Without(new()
        {
            ["realmMappings"] = realm.Roles.Where(r => user.Roles.Contains(r.Name)).Select(Represent)
                .Append(Represent(new StubRole(KeycloakRealm.NewId(), $"default-roles-{options.Realm}", null))).ToList(),
            ["clientMappings"] = user.ClientRoles.Count == 0 ? null : user.ClientRoles.Select(r => r.Split('/')).GroupBy(r => r[0], StringComparer.Ordinal).ToDictionary(
                c => c.Key,
                c => (object)new { id = KeycloakRealm.NewId(), client = c.Key, mappings = c.Select(r => Represent(new StubRole(KeycloakRealm.NewId(), r[1], null))) }, StringComparer.Ordinal),
        });
    }

    public object Links(string userId) => User(userId).Links.Select(l => new { identityProvider = l, userId = "outside", userName = "outside" }).ToList();

    public object Groups(string userId, IReadOnlyDictionary<string, string> query) => KeycloakRealm.Page(
        User(userId).Groups.Order(StringComparer.Ordinal).Select(g => new { id = KeycloakRealm.NewId(), name = g, path = "/" + g, subGroups = Array.Empty<object>() }), query, 100).ToList();

    public void Grant(string userId, JsonElement body)
    {
        var user = User(userId);
        foreach (var role in Named(body))
            user.Roles.Add(role.Name);
    }

    public void Revoke(string userId, JsonElement body)
    {
        var user = User(userId);
        foreach (var role in Named(body))
            user.Roles.Remove(role.Name);
    }

    public static object Represent(StubUser user, bool brief) => KeycloakRealm.Without(new()
    {
        ["id"] = user.Id,
        ["username"] = user.Username,
        ["email"] = user.Email,
        ["firstName"] = user.FirstName,
        ["lastName"] = user.LastName,
        ["emailVerified"] = user.EmailVerified,
        ["enabled"] = user.Enabled,
        ["totp"] = brief ? null : false,
        ["notBefore"] = brief ? null : 0,
        ["attributes"] = brief || user.Attributes.Count == 0 ? null : user.Attributes,
        ["requiredActions"] = brief ? null : user.RequiredActions,
        ["disableableCredentialTypes"] = brief ? null : Array.Empty<string>(),
    });

    // Keycloak uses the role's id, and refuses a role whose name it does not find.
    private List<StubRole> Named(JsonElement body) =>
        [.. body.EnumerateArray().Select(r => realm.Roles.Find(k => k.Id == KeycloakRealm.Text(r, "id") && k.Name == KeycloakRealm.Text(r, "name"))
            ?? throw KeycloakRefusal.Coded(404, "Role not found"))];

    private object Member(string userId, bool brief)
    {
        var fields = (Dictionary<string, object?>)Represent(User(userId), brief);
        fields["membershipType"] = "UNMANAGED";
        return fields;
    }

    private static bool Leave(StubOrganization organization, string userId)
    {
        foreach (var group in organization.Groups)
            group.Members.Remove(userId);
        return organization.Members.Remove(userId);
    }

    private StubRole? Role(string name) => realm.Roles.Find(r => r.Name == name);

    private static object Represent(StubRole role) => KeycloakRealm.Without(new()
    {
        ["id"] = role.Id,
        ["name"] = role.Name,
        ["description"] = role.Description,
        ["composite"] = IsDefault(role),
        ["clientRole"] = false,
        ["containerId"] = "realm",
    });

    private static bool IsDefault(StubRole role) => role.Name.StartsWith("default-roles-", StringComparison.Ordinal);

    private static bool Matches(string value, string wanted, bool exact) =>
        exact ? value.Equals(wanted, StringComparison.OrdinalIgnoreCase) : value.Contains(wanted, StringComparison.OrdinalIgnoreCase);

    private static bool Flag(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.GetBoolean();

    // Keycloak's validator of user names.
    [GeneratedRegex("""[<>&"'\s$%!#?§;*~/\\|^=\[\]{}()\x00-\x1F\x7F]""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BadUsername();
}
