using System.Text.Json;

namespace Saga.Tests.Support.Keycloak;

/// <summary>The groups of the realm's organisations, with Keycloak's rules for them.</summary>
internal sealed class KeycloakGroups(KeycloakRealm realm)
{
    public object List(string organizationId, IReadOnlyDictionary<string, string> query) =>
        KeycloakRealm.Page(Named(realm.Organization(organizationId).Groups, query), query, 10).Select(Represent).ToList();

    public StubGroup Create(string organizationId, JsonElement body)
    {
        var organization = realm.Organization(organizationId);
        var name = KeycloakRealm.Text(body, "name");
        if (string.IsNullOrWhiteSpace(name))
            throw KeycloakRefusal.Worded(400, "Group name is missing");
        if (organization.Groups.Exists(g => g.Name == name))
            throw KeycloakRefusal.Worded(409, "Group with the given name already exists.");
        var made = new StubGroup(KeycloakRealm.NewId(), name);
        organization.Groups.Add(made);
        return made;
    }

    public void Join(string organizationId, string groupId, string userId)
    {
        var (organization, group) = Find(organizationId, groupId);
        if (!realm.Users.Exists(u => u.Id == userId))
            throw KeycloakRefusal.Worded(404, "User does not exist");
        if (!organization.Members.Contains(userId))
            throw KeycloakRefusal.Worded(400, "User is not member of the organization");
        if (!group.Members.Add(userId))
            throw KeycloakRefusal.Worded(409, "User is already a member of the group");
    }

    public void Leave(string organizationId, string groupId, string userId) => Find(organizationId, groupId).Group.Members.Remove(userId);

    public object Of(string organizationId, string userId, IReadOnlyDictionary<string, string> query)
    {
        var organization = realm.Organization(organizationId);
        if (!organization.Members.Contains(userId))
            throw KeycloakRefusal.Coded(404, "HTTP 404 Not Found");
        return KeycloakRealm.Page(Named(organization.Groups.Where(g => g.Members.Contains(userId)), query), query, 10).Select(Represent).ToList();
    }

    public static object Represent(StubGroup group) => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["id"] = group.Id,
        ["name"] = group.Name,
        ["path"] = "/" + group.Name,
        ["subGroups"] = Array.Empty<object>(),
    };

    private (StubOrganization Organization, StubGroup Group) Find(string organizationId, string groupId)
    {
        var organization = realm.Organization(organizationId);
        return (organization, organization.Groups.Find(g => g.Id == groupId) ?? throw KeycloakRefusal.Worded(404, "Group does not exist"));
    }

    private static IEnumerable<StubGroup> Named(IEnumerable<StubGroup> groups, IReadOnlyDictionary<string, string> query)
    {
        var search = query.GetValueOrDefault("search");
        if (string.IsNullOrEmpty(search))
            return groups;
        return query.GetValueOrDefault("exact") == "true"
            ? groups.Where(g => g.Name == search)
            : groups.Where(g => g.Name.Contains(search, StringComparison.OrdinalIgnoreCase));
    }
}
