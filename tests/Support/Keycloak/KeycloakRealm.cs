using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Saga.Contracts;

namespace Saga.Tests.Support.Keycloak;

/// <summary>The realm's organisations, with Keycloak's rules for them. Every call runs under one lock.</summary>
internal sealed partial class KeycloakRealm(KeycloakStubOptions options)
{
    public Lock Gate { get; } = new();

    public List<StubOrganization> Organizations { get; } = [];

    public List<StubUser> Users { get; } = [];

    public List<StubRole> Roles { get; } = [new(NewId(), "offline_access", "${role_offline-access}"), new(NewId(), "default-roles-" + options.Realm, "${role_default-roles}")];

    public List<StubEvent> Events { get; } = [];

    public object ListEvents(IReadOnlyDictionary<string, string> query) => Page(
        Events.Where(e => e.ClientId == query["client"] && e.Time >= long.Parse(query["dateFrom"], CultureInfo.InvariantCulture)).OrderBy(e => e.Time), query, 100).ToList();

    public object ListOrganizations(IReadOnlyDictionary<string, string> query)
    {
        var exact = query.GetValueOrDefault("exact") == "true";
        var search = query.GetValueOrDefault("search");
        IEnumerable<StubOrganization> found = Organizations.OrderBy(o => o.Name, StringComparer.Ordinal);
        if (query.GetValueOrDefault("q") is { } q)
            found = found.Where(o => Pairs(q).All(p => p.Key == "alias" ? o.Alias == p.Value : o.Attributes.GetValueOrDefault(p.Key)?.Contains(p.Value) == true));
        else if (!string.IsNullOrEmpty(search))
            found = found.Where(o => new[] { o.Name }.Concat(o.Domains.Select(d => d.Name))
                .Any(t => exact ? t == search : t.Contains(search, StringComparison.OrdinalIgnoreCase)));
        var brief = query.GetValueOrDefault("briefRepresentation") != "false";
        return Page(found, query, 10).Select(o => Represent(o, brief)).ToList();
    }

    public string CreateOrganization(JsonElement body)
    {
        RequireKnownFields(body);
        var name = Text(body, "name");
        if (string.IsNullOrEmpty(name))
            throw KeycloakRefusal.Worded(400, "Name can not be null");
        var given = Text(body, "alias");
        var alias = given is { Length: > 0 } ? given : name;
        if (BadAlias().Match(alias) is { Success: true } bad)
        {
            var why = string.IsNullOrWhiteSpace(bad.Value) ? "Empty Space not allowed." : $"Character '{bad.Value}' not allowed.";
            throw given is { Length: > 0 } ? KeycloakRefusal.Coded(400, why) : KeycloakRefusal.Worded(400, "Name cannot be used as alias: " + why);
        }

        if (Organizations.Exists(o => o.Name == name))
            throw KeycloakRefusal.Worded(options.ConflictStatus, "A organization with the same name already exists.");
        if (Organizations.Exists(o => o.Alias == alias))
            throw KeycloakRefusal.Worded(options.ConflictStatus, "A organization with the same alias already exists");
        // The body's id is ignored.
        var made = new StubOrganization { Id = NewId(), Alias = alias, Name = name };
        Replace(made, body);
        made.Attributes = Attributes(body) ?? [];
        Organizations.Add(made);
        return made.Id;
    }

    public void UpdateOrganization(string id, JsonElement body)
    {
        var found = Organization(id);
        var name = Text(body, "name");
        // Keycloak looks for the name among domains as well, but only here.
        if (string.IsNullOrEmpty(name) || Organizations.Exists(o => o.Id != id && (o.Name == name || o.Domains.Exists(d => d.Name == name))))
            throw KeycloakRefusal.Worded(409, "A organization with the same name already exists.");
        if ((Text(body, "alias") ?? name) != found.Alias)
            throw KeycloakRefusal.Worded(400, "Cannot change the alias");
        Replace(found, body);
        found.Name = name;
        // Omitted fields are cleared, except the attributes.
        found.Attributes = Attributes(body) ?? found.Attributes;
    }

    public void DeleteOrganization(string id) => Organizations.Remove(Organization(id));

    public StubOrganization Organization(string id) =>
        Organizations.Find(o => o.Id == id) ?? throw KeycloakRefusal.Worded(404, "Organization not found.");

    public static object Represent(StubOrganization organization, bool brief) => Without(new()
    {
        ["id"] = organization.Id,
        ["name"] = organization.Name,
        ["alias"] = organization.Alias,
        ["enabled"] = organization.Enabled,
        ["description"] = organization.Description,
        ["redirectUrl"] = organization.RedirectUrl,
        ["attributes"] = brief ? null : organization.Attributes,
        ["domains"] = organization.Domains.Count == 0 ? null : organization.Domains.Select(d => new { name = d.Name, verified = d.Verified }),
    });

    internal static Dictionary<string, object?> Without(Dictionary<string, object?> fields) =>
        fields.Where(f => f.Value is not null).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);

    internal static IEnumerable<T> Page<T>(IEnumerable<T> all, IReadOnlyDictionary<string, string> query, int max) =>
        all.Skip(Number(query, "first", 0)).Take(Number(query, "max", max));

    /// <summary>Such as <c>key:value other:"a value"</c>. All must match.</summary>
    internal static IReadOnlyList<(string Key, string Value)> Pairs(string q) =>
        [.. QueryPair().Matches(q).Select(m => (m.Groups["key"].Value, m.Groups["value"].Value.Trim('"')))];

    internal static string? Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    internal static Dictionary<string, List<string>>? Attributes(JsonElement body) =>
        body.TryGetProperty("attributes", out var value) ? value.Deserialize<Dictionary<string, List<string>>>(Json.Options) : null;

    internal static string NewId() => Guid.NewGuid().ToString();

    private void Replace(StubOrganization target, JsonElement body)
    {
        List<StubDomain> domains = body.TryGetProperty("domains", out var list)
            ? [.. list.EnumerateArray().Select(d => new StubDomain(Text(d, "name")!.ToLowerInvariant(), d.TryGetProperty("verified", out var verified) && verified.GetBoolean()))]
            : [];
        if (Text(body, "redirectUrl") is { Length: > 0 } url && !(Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"))
            throw KeycloakRefusal.Worded(400, "Organization redirect URL is not valid.");
        foreach (var domain in domains)
        {
            if (!GoodDomain().IsMatch(domain.Name))
                throw KeycloakRefusal.Worded(400, $"Invalid domain format: {domain.Name}");
            if (Organizations.Find(o => o.Id != target.Id && o.Domains.Exists(d => d.Name == domain.Name)) is { } holder)
                throw KeycloakRefusal.Worded(400, $"Domain {domain.Name} is already linked to organization {holder.Name} in realm {options.Realm}");
        }

        target.Domains = domains;
        target.Enabled = !body.TryGetProperty("enabled", out var enabled) || enabled.GetBoolean();
        target.Description = Text(body, "description");
        target.RedirectUrl = Text(body, "redirectUrl");
    }

    private static void RequireKnownFields(JsonElement body)
    {
        string[] known = ["id", "name", "alias", "enabled", "description", "redirectUrl", "attributes", "domains", "members", "identityProviders", "groups"];
        if (body.EnumerateObject().Select(f => f.Name).Except(known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw KeycloakRefusal.Coded(400, $"Invalid json representation for OrganizationRepresentation. Unrecognized field \"{unknown}\".");
    }

    private static int Number(IReadOnlyDictionary<string, string> query, string name, int otherwise) =>
        query.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    [GeneratedRegex(@"[!#$&()*+,/:;=?@\[\]\\\s]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BadAlias();

    // A domain without a dot is accepted.
    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GoodDomain();

    [GeneratedRegex("""(?<key>[^\s:"]+):(?<value>"[^"]*"|\S+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex QueryPair();
}
