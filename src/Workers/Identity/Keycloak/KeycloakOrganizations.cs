using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Saga.Contracts.Identifiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Organisations of the realm. Each has its tenant's id as an attribute, by which it is found. Thread-safe.</summary>
internal sealed class KeycloakOrganizations(KeycloakAdmin admin, FindAgain findAgain)
{
    private const string TenantAttribute = "tenant_id";
    private const string InstallationAttribute = "saga_installation";
    private const int Page = 100;
    private const string Collection = "organizations";

    public async Task<DirectoryOrganization> EnsureAsync(OrganizationSpec wanted, CancellationToken cancellationToken)
    {
        if (await FindAsync(wanted.Tenant, cancellationToken) is { } found)
            return await RepairAsync(found, wanted, cancellationToken);

        foreach (var name in wanted.Names)
        {
            if (await CreateAsync(wanted, name, cancellationToken) is { } made)
                return made;
        }

        throw DirectoryFailures.NamesHeld(wanted, KeycloakFailures.System);
    }

    public async Task<OrganizationRepresentation?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var id = tenant.ToString();
        var answer = await ListAsync($"q={Uri.EscapeDataString($"{TenantAttribute}:{id}")}&briefRepresentation=false&max=2", cancellationToken);
        // A server that does not support q returns arbitrary organisations. Only one with the attribute is this tenant's.
        var found = answer.Where(o => BelongsTo(o, tenant)).ToList();
        return found.Count < 2 ? found.SingleOrDefault() : throw StepFailureException.Permanent(
            DirectoryFailures.OrganizationAmbiguous, $"Several organisations have the tenant_id {tenant}: {string.Join(", ", found.Select(o => o.Alias))}.",
            "Delete all but the right one, then replay.", KeycloakFailures.System);
    }

    /// <summary>The organisations with a tenant's id, page by page.</summary>
    public async IAsyncEnumerable<TenantOrganization> OfTenantsAsync(TenantId? tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var which = tenant is { } one ? $"q={QueryFor(one)}&" : "";
        for (var first = 0; ; first += Page)
        {
            var page = await ListAsync(string.Create(CultureInfo.InvariantCulture, $"{which}briefRepresentation=false&first={first}&max={Page}"), cancellationToken);
            foreach (var found in page.Where(o => o.Id is not null))
            {
                if (IdIn(found, TenantAttribute) is { } id && (tenant is null || tenant.Value.Value == id))
                    yield return new(new TenantId(id), IdIn(found, InstallationAttribute), Describe(found));
            }

            if (page.Count < Page)
                yield break;
        }
    }

    private static Guid? IdIn(OrganizationRepresentation organization, string attribute) =>
        organization.Attributes?.GetValueOrDefault(attribute) is [var text, ..] && Guid.TryParse(text, out var id) ? id : null;

    /// <summary>The query for what has the tenant's id as an attribute.</summary>
    public static string QueryFor(TenantId tenant) => Uri.EscapeDataString($"{TenantAttribute}:{tenant}");

    /// <param name="tenant">The tenant.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <param name="removed">Called after each member that was removed.</param>
    public async Task DeleteAsync(TenantId tenant, CancellationToken cancellationToken, Action? removed = null)
    {
        if (await FindAsync(tenant, cancellationToken) is not { Id: { } id })
            return;
        await RemoveMembersAsync(id, removed, cancellationToken);
        var call = $"DELETE {Collection}/{id}";
        var answer = await admin.DeleteAsync($"{Collection}/{id}", cancellationToken);
        if (!answer.Succeeded && answer.Status != HttpStatusCode.NotFound)
            throw KeycloakFailures.Rejected(call, answer);
    }

    public async Task<long> CountMembersAsync(string id, CancellationToken cancellationToken)
    {
        var path = $"{Collection}/{id}/members/count";
        var answer = await admin.GetAsync(path, cancellationToken);
        return answer.Status == HttpStatusCode.NotFound ? 0 : KeycloakAdmin.Read<long>(answer, $"GET {path}");
    }

    /// <summary>The organisation's members, page by page.</summary>
    public async IAsyncEnumerable<UserRepresentation> MembersAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var first = 0; ; first += Page)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{Collection}/{id}/members?first={first}&max={Page}");
            var answer = await admin.GetAsync(path, cancellationToken);
            if (answer.Status == HttpStatusCode.NotFound)
                yield break;
            var page = KeycloakAdmin.Read<IReadOnlyList<UserRepresentation>>(answer, KeycloakAdmin.Describe("GET", path));
            foreach (var member in page.Where(m => m.Id is not null))
                yield return member;
            if (page.Count < Page)
                yield break;
        }
    }

    /// <summary>The member with this id, or nobody.</summary>
    public async IAsyncEnumerable<UserRepresentation> MemberAsync(string id, string userId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Escaping leaves these as they are, and they would be the address of something else.
        if (userId is "." or "..")
            yield break;
        var path = $"{Collection}/{id}/members/{Uri.EscapeDataString(userId)}";
        var answer = await admin.GetAsync(path, cancellationToken);
        // Keycloak returns 400 for a user that is not a member.
        if (answer.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
            yield break;
        if (KeycloakAdmin.Read<UserRepresentation>(answer, $"GET {Collection}/members") is var member && member.Id == userId)
            yield return member;
    }

    /// <summary>Changes the flag alone.</summary>
    /// <returns>The organisation's id; null when the tenant has none.</returns>
    public async Task<string?> SetEnabledAsync(TenantId tenant, bool enabled, CancellationToken cancellationToken)
    {
        if (await FindAsync(tenant, cancellationToken) is not { Id: { } id } found)
            return null;
        if ((found.Enabled ?? true) == enabled)
            return id;
        // PUT replaces the organisation, so send back everything that was read; omitted fields would be cleared.
        var path = $"{Collection}/{id}";
        var read = await admin.GetAsync(path, cancellationToken);
        if (read.Status == HttpStatusCode.NotFound)
            throw KeycloakFailures.Vanished(id);
        var everything = KeycloakAdmin.Read<JsonObject>(read, $"GET {path}");
        everything["enabled"] = enabled;
        var refusal = await KeycloakAdmin.RefusalAsync(
            () => admin.PutAsync(path, everything, cancellationToken), async () => await FindAsync(tenant, cancellationToken) is { } now && (now.Enabled ?? true) == enabled);
        return refusal is null ? id
            : throw (refusal.Status == HttpStatusCode.NotFound ? KeycloakFailures.Vanished(id) : KeycloakFailures.Refusal($"PUT {path}", refusal));
    }

    /// <summary>Changes the name, the description and the domains.</summary>
    /// <returns>Null when the tenant has no organisation.</returns>
    public async Task<DirectoryOrganization?> UpdateAsync(OrganizationUpdate update, CancellationToken cancellationToken)
    {
        var wanted = update.Wanted;
        if (await FindAsync(wanted.Tenant, cancellationToken) is not { Id: { } id } found)
            return null;
        if (IsUpdated(Describe(found), update))
            return Describe(found);
        // PUT replaces the organisation, so send back everything that was read; omitted fields would be cleared.
        var path = $"{Collection}/{id}";
        var read = await admin.GetAsync(path, cancellationToken);
        if (read.Status == HttpStatusCode.NotFound)
            throw KeycloakFailures.Vanished(id);
        var everything = KeycloakAdmin.Read<JsonObject>(read, $"GET {path}");
        var there = (everything["domains"] as JsonArray ?? []).Select(d => d!.DeepClone().AsObject()).ToDictionary(d => d["name"]!.GetValue<string>(), StringComparer.OrdinalIgnoreCase);
        // An omitted description is cleared. Null is none of the values that the API describes.
        everything.Remove("description");
        if (wanted.Description is not null)
            everything["description"] = wanted.Description;
        everything["domains"] = new JsonArray([.. update.Apply(there.Keys).Select(d => there.GetValueOrDefault(d) ?? new JsonObject { ["name"] = d, ["verified"] = false })]);
        foreach (var name in wanted.Names.Contains(found.Name, StringComparer.Ordinal) ? [found.Name!] : wanted.Names)
        {
            everything["name"] = name;
            DirectoryOrganization? updated = null;
            // Another attempt may make the same change at the same time; only one of them succeeds.
            var refusal = await KeycloakAdmin.RefusalAsync(() => admin.PutAsync(path, everything, cancellationToken), async () =>
            {
                var now = await FindAsync(wanted.Tenant, cancellationToken);
                return now is not null && IsUpdated(updated = Describe(now), update);
            });
            if (refusal is null)
                return updated ?? Describe(found) with { Name = name, Description = wanted.Description, Domains = update.Apply(there.Keys) };
            if (refusal.Status == HttpStatusCode.NotFound)
                throw KeycloakFailures.Vanished(id);
            if (refusal.Status != HttpStatusCode.Conflict)
                throw await WhyRefusedAsync(wanted, update.Add, refusal, cancellationToken);
        }

        throw DirectoryFailures.NamesHeld(wanted, KeycloakFailures.System);
    }

    public static DirectoryOrganization Describe(OrganizationRepresentation organization) => new()
    {
        Id = organization.Id!,
        Alias = organization.Alias ?? organization.Name ?? "",
        Name = organization.Name ?? "",
        Enabled = organization.Enabled ?? true,
        Domains = [.. (organization.Domains ?? []).Select(d => d.Name)],
        Description = organization.Description,
    };

    /// <returns>Null when the name belongs to another organisation.</returns>
    private async Task<DirectoryOrganization?> CreateAsync(OrganizationSpec wanted, string name, CancellationToken cancellationToken)
    {
        var body = new OrganizationRepresentation
        {
            Name = name,
            Alias = wanted.Slug.ToString(),
            Enabled = true,
            Description = wanted.Description,
            Attributes = Attributes(wanted),
            Domains = wanted.Domain is null ? null : [new(wanted.Domain)],
        };
        OrganizationRepresentation? found;
        KeycloakAnswer answer;
        try
        {
            answer = await admin.PostAsync(Collection, body, cancellationToken);
        }
        catch (StepFailureException e) when (e.MayHaveActed)
        {
            // The organisation may have been created anyway. Search for it, because a second POST could create another one.
            found = await findAgain.Async(() => FindAsync(wanted.Tenant, cancellationToken), cancellationToken);
            if (found is null)
                throw;
            return await RepairAsync(found, wanted, cancellationToken);
        }

        if (answer.Status == HttpStatusCode.Created && IdOf(answer) is { } id)
            return Made(id, name, wanted);
        if (answer.Status == HttpStatusCode.NotFound)
            throw KeycloakFailures.NoOrganizations(answer);
        // Another attempt for this tenant may have won the race. The loser's status depends on the moment: 400, 409 or 500.
        found = await FindAsync(wanted.Tenant, cancellationToken) ?? await FindOwnAliasAsync(wanted, cancellationToken);
        if (found is not null)
            return await RepairAsync(found, wanted, cancellationToken);
        if (await IsNameHeldAsync(name, cancellationToken))
            return null;
        throw answer.Succeeded || answer.Status == HttpStatusCode.Conflict
            ? KeycloakFailures.Clash($"POST {Collection}", answer)
            : await WhyRefusedAsync(wanted, Domains(wanted), answer, cancellationToken);
    }

    private static Dictionary<string, IReadOnlyList<string>> Attributes(OrganizationSpec wanted)
    {
        var attributes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [TenantAttribute] = [wanted.Tenant.ToString()] };
        if (wanted.Installation is { } installation)
            attributes[InstallationAttribute] = [installation.ToString()];
        return attributes;
    }

    private static DirectoryOrganization Made(string id, string name, OrganizationSpec wanted) => new()
    {
        Id = id,
        Alias = wanted.Slug.ToString(),
        Name = name,
        Enabled = true,
        Domains = wanted.Domain is null ? [] : [wanted.Domain],
        Description = wanted.Description,
    };

    // Keycloak removes the members in the same transaction that deletes the organisation, so large ones must be emptied first.
    private async Task RemoveMembersAsync(string id, Action? left, CancellationToken cancellationToken)
    {
        var removed = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var path = $"{Collection}/{id}/members?first=0&max={Page}";
            var answer = await admin.GetAsync(path, cancellationToken);
            if (answer.Status == HttpStatusCode.NotFound)
                return;
            var members = KeycloakAdmin.Read<IReadOnlyList<MemberRepresentation>>(answer, KeycloakAdmin.Describe("GET", path));
            if (members.Count == 0)
                return;
            if (members.All(m => removed.Contains(m.Id)))
                throw StepFailureException.Transient(KeycloakFailures.Conflict, $"Members of organisation {id} are still listed after they were removed.", null, KeycloakFailures.System);
            foreach (var member in members)
            {
                await RemoveMemberAsync(id, member.Id, cancellationToken);
                removed.Add(member.Id);
                left?.Invoke();
            }
        }
    }

    public async Task RemoveMemberAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        var path = $"{Collection}/{organizationId}/members/{userId}";
        var answer = await admin.DeleteAsync(path, cancellationToken);
        // Keycloak returns 400 for a user that is not a member.
        if (!answer.Succeeded && answer.Status is not (HttpStatusCode.NotFound or HttpStatusCode.BadRequest))
            throw KeycloakFailures.Rejected($"DELETE {path}", answer);
    }

    private async Task<DirectoryOrganization> RepairAsync(OrganizationRepresentation found, OrganizationSpec wanted, CancellationToken cancellationToken)
    {
        var now = Describe(found);
        if (now.Alias != wanted.Slug.ToString())
            throw DirectoryFailures.AliasChanged(wanted.Tenant, wanted.Slug, now.Alias, KeycloakFailures.System);
        var lacksDomain = LacksDomain(now, wanted);
        var named = wanted.Names.Contains(now.Name, StringComparer.Ordinal);
        if (IsAsWanted(now, wanted))
            return now;

        // PUT replaces the organisation, so send back everything that was read; omitted fields would be cleared.
        var path = $"{Collection}/{now.Id}";
        var read = await admin.GetAsync(path, cancellationToken);
        if (read.Status == HttpStatusCode.NotFound)
            throw KeycloakFailures.Vanished(now.Alias);
        var everything = KeycloakAdmin.Read<JsonObject>(read, $"GET {path}");
        everything["enabled"] = true;
        if (lacksDomain)
        {
            var domains = everything["domains"]?.DeepClone() as JsonArray ?? [];
            domains.Add(new JsonObject { ["name"] = wanted.Domain, ["verified"] = false });
            everything["domains"] = domains;
        }

        foreach (var name in named ? [now.Name] : wanted.Names)
        {
            everything["name"] = name;
            DirectoryOrganization? repaired = null;
            // Another attempt may make the same repair at the same time; only one of them succeeds.
            var refusal = await KeycloakAdmin.RefusalAsync(() => admin.PutAsync(path, everything, cancellationToken), async () =>
            {
                var there = await FindAsync(wanted.Tenant, cancellationToken);
                return there is not null && IsAsWanted(repaired = Describe(there), wanted);
            });
            if (refusal is null)
                return repaired ?? now with { Name = name, Enabled = true, Domains = lacksDomain ? [.. now.Domains, wanted.Domain!] : now.Domains };
            if (refusal.Status == HttpStatusCode.NotFound)
                throw KeycloakFailures.Vanished(now.Alias);
            if (refusal.Status != HttpStatusCode.Conflict)
                throw await WhyRefusedAsync(wanted, Domains(wanted), refusal, cancellationToken);
        }

        throw DirectoryFailures.NamesHeld(wanted, KeycloakFailures.System);
    }

    private static bool IsAsWanted(DirectoryOrganization now, OrganizationSpec wanted) =>
        now.Enabled && wanted.Names.Contains(now.Name, StringComparer.Ordinal) && !LacksDomain(now, wanted);

    // Keycloak may show an empty description as none.
    private static bool IsUpdated(DirectoryOrganization now, OrganizationUpdate update) =>
        update.Wanted.Names.Contains(now.Name, StringComparer.Ordinal) && (now.Description ?? "") == (update.Wanted.Description ?? "")
        && update.Apply(now.Domains).ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(now.Domains);

    private static bool LacksDomain(DirectoryOrganization now, OrganizationSpec wanted) =>
        wanted.Domain is not null && !now.Domains.Contains(wanted.Domain, StringComparer.OrdinalIgnoreCase);

    // The tenant's own organisation can appear between the search by tenant and this one.
    private async Task<OrganizationRepresentation?> FindOwnAliasAsync(OrganizationSpec wanted, CancellationToken cancellationToken)
    {
        var alias = wanted.Slug.ToString();
        var byAlias = await ListAsync($"q={Uri.EscapeDataString($"alias:{alias}")}&briefRepresentation=false&max=2", cancellationToken);
        var holder = byAlias.FirstOrDefault(o => o.Alias == alias);
        return holder is null || BelongsTo(holder, wanted.Tenant) ? holder : throw DirectoryFailures.AliasHeld(wanted.Slug, KeycloakFailures.System);
    }

    private static bool BelongsTo(OrganizationRepresentation organization, TenantId tenant) =>
        organization.Attributes?.GetValueOrDefault(TenantAttribute)?.Contains(tenant.ToString(), StringComparer.Ordinal) == true;

    private async Task<bool> IsNameHeldAsync(string name, CancellationToken cancellationToken)
    {
        var byName = await ListAsync($"search={Uri.EscapeDataString(name)}&exact=true&max=2", cancellationToken);
        return byName.Any(o => string.Equals(o.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    private static IReadOnlyCollection<string> Domains(OrganizationSpec wanted) => wanted.Domain is { } domain ? [domain] : [];

    // A taken domain is a 400 like any other, so query which organisation has it.
    private async Task<StepFailureException> WhyRefusedAsync(
        OrganizationSpec wanted, IReadOnlyCollection<string> domains, KeycloakAnswer answer, CancellationToken cancellationToken)
    {
        foreach (var domain in answer.Status == HttpStatusCode.BadRequest ? domains : [])
        {
            var holders = await ListAsync($"search={Uri.EscapeDataString(domain)}&exact=true&briefRepresentation=false&max=2", cancellationToken);
            if (holders.Any(o => o.Domains?.Any(d => d.Name.Equals(domain, StringComparison.OrdinalIgnoreCase)) == true
                && !BelongsTo(o, wanted.Tenant)))
            {
                return DirectoryFailures.DomainHeld(domain, KeycloakFailures.System);
            }
        }

        return KeycloakFailures.Rejected($"the organisation '{wanted.Slug}'", answer);
    }

    private async Task<IReadOnlyList<OrganizationRepresentation>> ListAsync(string query, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync($"{Collection}?{query}", cancellationToken);
        return answer.Status == HttpStatusCode.NotFound
            ? throw KeycloakFailures.NoOrganizations(answer)
            : KeycloakAdmin.Read<IReadOnlyList<OrganizationRepresentation>>(answer, $"GET {Collection}");
    }

    internal static string? IdOf(KeycloakAnswer created) =>
        created.Location?.TrimEnd('/').Split('/')[^1] is { Length: > 0 } id ? id : null;
}
