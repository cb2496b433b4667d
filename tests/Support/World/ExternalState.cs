using System.Globalization;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support.Keycloak;

namespace Saga.Tests.Support.World;

/// <summary>
/// Compares everything that tenants have in external systems, and their data in the registry, with the tenants' status: an active
/// tenant has everything exactly once, what belongs to a placement once for each that is not gone, and an undone tenant has nothing. Exports, backups
/// and restored databases are those that the registry names.
/// </summary>
public static class ExternalState
{
    /// <exception cref="ExternalStateDiffersException">Something is missing, or something is left. It lists all.</exception>
    public static Task CompareAsync(Site site) => CompareAsync([site]);

    /// <summary>Compares several sites, each with its own registry. Shared systems are listed once.</summary>
    /// <exception cref="ExternalStateDiffersException">Something is missing, or something is left. It lists all.</exception>
    public static async Task CompareAsync(IReadOnlyCollection<Site> sites)
    {
        foreach (var site in sites)
            await RegistryFacts.DrainedAsync(site);
        // External systems are listed first, because the owner of anything that exists now is already in a registry.
        var servers = new Dictionary<SiteServer, List<Fact>>();
        foreach (var server in sites.SelectMany(s => s.Servers).Distinct())
            servers[server] = await DatabaseFacts.ListAsync(server);
        var caches = new Dictionary<string, List<Fact>>(StringComparer.Ordinal);
        foreach (var address in sites.Select(s => s.World.Redis.Address).Distinct(StringComparer.Ordinal))
            caches[address] = await CacheFacts.ListAsync(address);

        var (left, missing, names) = (new List<string>(), new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var site in sites)
        {
            var actual = site.Servers.SelectMany(s => servers[s]).Concat(caches[site.World.Redis.Address]).ToList();
            actual.AddRange(await ObjectFacts.ListAsync(site));
            actual.AddRange(DirectoryFacts.List(site.Keycloak));
            actual.AddRange(await RegistryFacts.ListAsync(site));

            var tenants = await RegistryFacts.TenantsAsync(site);
            var elsewhere = new HashSet<Guid>();
            foreach (var other in site.World.Sites.Where(s => s != site))
            {
                elsewhere.UnionWith(await RegistryFacts.OperationsAsync(other));
                elsewhere.UnionWith((await RegistryFacts.TenantsAsync(other)).SelectMany(t => t.Placements.Select(p => p.Id).Append(t.Id)));
            }

            var expected = tenants.Where(t => t.Status == "active").SelectMany(Expected).Concat(await RegistryFacts.KeptAsync(site));

            // A list and not a set, so that duplicates count as differences.
            var here = actual.Where(f => !elsewhere.Contains(f.Tenant)).Select(f => f.Text).Order(StringComparer.Ordinal).ToList();
            var wanted = expected.Select(f => f.Text).Order(StringComparer.Ordinal).ToList();
            left.AddRange(Without(here, wanted));
            missing.AddRange(Without(wanted, here));
            foreach (var tenant in tenants)
                names[tenant.Id.ToString()] = $"{tenant.Slug} ({tenant.Tier}, {tenant.Status})";
        }

        if (left.Count + missing.Count > 0)
            throw new ExternalStateDiffersException(left, missing, names);
    }

    /// <summary>Waits until every operation of the site has come to rest and every message was sent. One of the site's processes must be running.</summary>
    public static Task DrainedAsync(Site site) => RegistryFacts.DrainedAsync(site);

    private static IEnumerable<Fact> Expected(TenantRow tenant)
    {
        var id = new TenantId(tenant.Id);
        Fact Of(string text) => new(tenant.Id, $"{tenant.Id}: {text}");

        foreach (var placement in tenant.Placements)
        {
            foreach (var text in Expected(placement, isBarred: tenant.IsClosed || placement.State == "kept"))
                yield return new(placement.Id, $"{placement.Id}: {text}");
            yield return Of($"rows in {placement.Database}.{placement.Schema} on {placement.Server}");
            yield return Of(string.Create(CultureInfo.InvariantCulture, $"place {ModeOf(tenant, placement)} with epoch {placement.Epoch} in {placement.Database} on {placement.Server}"));
            yield return Of("credential database");
            yield return Of($"placement {placement.State}");
        }

        yield return Of($"cache user {tenant.CacheUser}");
        yield return Of($"object .saga/tenants/{id}.json");
        yield return Of($"organisation {tenant.Slug} id {tenant.OrganizationId} members {tenant.AdminUserId} administrators {tenant.AdminUserId}");
        yield return Of($"user {tenant.AdminEmail} id {tenant.AdminUserId}");
        yield return Of("key");
        yield return Of("key for runtimes");
        yield return Of("credential cache");
        yield return Of($"settings {tenant.PlanSettings}");
        yield return Of(string.Create(CultureInfo.InvariantCulture, $"migrations {tenant.Placements.Sum(p => p.SchemaVersion ?? 0)}"));
        yield return Of("ids in the directory");
    }

    private static string ModeOf(TenantRow tenant, PlacementRow placement) =>
        tenant.IsClosed || placement.State == "kept" ? "closed" : tenant.IsReadOnly ? "readOnly" : "open";

    // What belongs to the placement and has its id in its name. A former login is barred, and that of a closed tenant.
    private static IEnumerable<string> Expected(PlacementRow placement, bool isBarred)
    {
        var name = placement.Id.ToString("n");
        yield return $"{(isBarred ? "role" : "login")} {placement.Login} on {placement.Server}";
        if (placement.Tier != "row")
            yield return $"role t_{name}_owner on {placement.Server}";
        if (placement.Tier == "schema")
            yield return $"schema {placement.Schema} in {placement.Database} on {placement.Server}";
        if (placement.Tier == "database")
            yield return $"database {placement.Database} on {placement.Server}";
    }

    private static List<string> Without(List<string> from, List<string> others)
    {
        var rest = new List<string>(from);
        foreach (var other in others)
            rest.Remove(other);
        return rest;
    }
}

/// <summary>One thing that a tenant has.</summary>
internal sealed record Fact(Guid Tenant, string Text);

public sealed class ExternalStateDiffersException(IReadOnlyList<string> left, IReadOnlyList<string> missing, IReadOnlyDictionary<string, string> tenants)
    : Exception($"The external systems differ from the registry.\nthere, but should not be:{Lines(left)}\nmissing:{Lines(missing)}\ntenants concerned:{Lines(Concerned(left, missing, tenants))}")
{
    private static string Lines(IReadOnlyList<string> facts) => facts.Count == 0 ? " nothing" : "\n  " + string.Join("\n  ", facts);

    private static List<string> Concerned(IReadOnlyList<string> left, IReadOnlyList<string> missing, IReadOnlyDictionary<string, string> tenants) =>
        [.. left.Concat(missing).Select(f => f.Split(':')[0]).Distinct(StringComparer.Ordinal).Select(id => $"{id} is {tenants.GetValueOrDefault(id, "known to no registry")}")];
}

internal static class DirectoryFacts
{
    public static IEnumerable<Fact> List(KeycloakStub keycloak)
    {
        foreach (var organization in keycloak.Organizations)
        {
            var id = Tenant(organization.Attributes);
            yield return new Fact(id, $"{id}: organisation {organization.Alias} id {organization.Id} members {string.Join(',', organization.Members)} administrators {string.Join(',', organization.Administrators)}");
        }

        foreach (var user in keycloak.Users)
        {
            var id = Tenant(user.Attributes);
            yield return new Fact(id, $"{id}: user {user.Username} id {user.Id}");
        }
    }

    private static Guid Tenant(Dictionary<string, List<string>> attributes) =>
        attributes.GetValueOrDefault("tenant_id") is [var text, ..] && Guid.TryParse(text, out var id) ? id : Guid.Empty;
}
