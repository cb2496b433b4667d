using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Users of the realm. Users created here have their tenant's id as an attribute. Thread-safe.</summary>
internal sealed class KeycloakUsers(KeycloakAdmin admin, FindAgain findAgain)
{
    private const string TenantAttribute = "tenant_id";
    private const int Page = 100;

    public Task<DirectoryUser?> FindByNameAsync(string email, CancellationToken cancellationToken) => FindAsync("username", email, cancellationToken);

    /// <param name="found">The user with this name that was just found.</param>
    /// <param name="equip">Sets up the rest of the user, given its id; may run in parallel with the check of the new user.</param>
    public async Task<DirectoryUser> EnsureAsync(
        TenantId tenant, string email, DirectoryUser? found, Func<string, Task> equip, CancellationToken cancellationToken)
    {
        if (found is null)
            return await CreateAsync(tenant, email, equip, cancellationToken);
        var accepted = Accept(found, email);
        await EquipAsync(accepted.Id, email, equip, cancellationToken);
        return accepted;
    }

    /// <summary>Finds a user by user name, otherwise by address, because users that others created may have a different user name.</summary>
    public async Task<DirectoryUser?> FindAsync(string email, CancellationToken cancellationToken) =>
        await FindAsync("username", email, cancellationToken) ?? await FindAsync("email", email, cancellationToken);

    /// <summary>The users with an address in the domain, page by page.</summary>
    public async IAsyncEnumerable<DirectoryUser> OfDomainAsync(string domain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = $"@{domain}";
        for (var first = 0; ; first += Page)
        {
            // Keycloak finds the text anywhere in the address, so that of another domain may be among them.
            var answer = await admin.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"users?email={Uri.EscapeDataString(end)}&exact=false&briefRepresentation=false&first={first}&max={Page}"), cancellationToken);
            var page = KeycloakAdmin.Read<IReadOnlyList<UserRepresentation>>(answer, "GET users");
            foreach (var user in page.Where(u => u.Email?.EndsWith(end, StringComparison.OrdinalIgnoreCase) == true))
                yield return Describe(user);
            if (page.Count < Page)
                yield break;
        }
    }

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        var answer = await admin.DeleteAsync($"users/{id}", cancellationToken);
        if (!answer.Succeeded && answer.Status != HttpStatusCode.NotFound)
            throw KeycloakFailures.Rejected($"DELETE users/{id}", answer);
    }

    private async Task<DirectoryUser> CreateAsync(TenantId tenant, string email, Func<string, Task> equip, CancellationToken cancellationToken)
    {
        KeycloakAnswer answer;
        try
        {
            answer = await admin.PostAsync("users", new UserRepresentation
            {
                Username = email,
                Email = email,
                EmailVerified = false,
                Enabled = true,
                Attributes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { [TenantAttribute] = [tenant.ToString()] },
                RequiredActions = RequiredActions.OfNewUser,
            }, cancellationToken);
        }
        catch (StepFailureException e) when (e.MayHaveActed)
        {
            var made = await findAgain.Async(() => FindAsync(email, cancellationToken), cancellationToken);
            if (made is null)
                throw;
            return await EnsureAsync(tenant, email, made, equip, cancellationToken);
        }

        if (answer.Status == HttpStatusCode.Created && KeycloakOrganizations.IdOf(answer) is { } id)
            return await MarkedAsync(id, email, equip, cancellationToken);
        // After any refusal, because another attempt may have created the user meanwhile.
        if (await FindAsync(email, cancellationToken) is { } found)
            return await EnsureAsync(tenant, email, found, equip, cancellationToken);
        throw answer.Succeeded ? KeycloakFailures.Clash("POST users", answer) : KeycloakFailures.Refusal("POST users", answer);
    }

    // A user who was deleted meanwhile is created anew by the next attempt.
    private async Task EquipAsync(string id, string email, Func<string, Task> equip, CancellationToken cancellationToken)
    {
        try
        {
            await equip(id);
        }
        catch (StepFailureException e) when (e.Failure.Kind == FailureKind.Permanent)
        {
            if ((await admin.GetAsync($"users/{id}", cancellationToken)).Status == HttpStatusCode.NotFound)
                throw DirectoryFailures.UserGone(email, KeycloakFailures.System);
            throw;
        }
    }

    private static DirectoryUser Accept(DirectoryUser found, string email)
    {
        if (!found.Enabled)
            throw DirectoryFailures.Disabled(email, KeycloakFailures.System);
        return found.EmailVerified || found.MadeFor is not null ? found : throw DirectoryFailures.Unverified(email, KeycloakFailures.System);
    }

    // A realm silently drops attributes that its user profile does not declare. Without the attribute a compensation could not tell
    // who created the user, so such a realm is refused now, while the user is certainly ours.
    private async Task<DirectoryUser> MarkedAsync(string id, string email, Func<string, Task> equip, CancellationToken cancellationToken)
    {
        var equipping = EquipAsync(id, email, equip, cancellationToken);
        var looking = admin.GetAsync($"users/{id}", cancellationToken);
        await Task.WhenAll(equipping, looking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var answer = await looking;
        if (answer.Status == HttpStatusCode.NotFound)
            throw DirectoryFailures.UserGone(email, KeycloakFailures.System);
        var made = Describe(KeycloakAdmin.Read<UserRepresentation>(answer, $"GET users/{id}"));
        if (made.MadeFor is null)
        {
            await DeleteAsync(id, cancellationToken);
            throw KeycloakFailures.AttributesDropped(email);
        }

        await equipping;
        return made;
    }

    private async Task<DirectoryUser?> FindAsync(string field, string email, CancellationToken cancellationToken)
    {
        var answer = await admin.GetAsync($"users?{field}={Uri.EscapeDataString(email)}&exact=true&briefRepresentation=false&max=2", cancellationToken);
        var users = KeycloakAdmin.Read<IReadOnlyList<UserRepresentation>>(answer, "GET users");
        return users.Count < 2 ? users.Select(Describe).SingleOrDefault() : throw StepFailureException.Permanent(
            "user-ambiguous", $"Several users have the {field} '{email}'.", "Delete all but one of them, then replay.", KeycloakFailures.System);
    }

    internal static DirectoryUser Describe(UserRepresentation user) => new()
    {
        Id = user.Id!,
        Email = user.Email ?? user.Username ?? "",
        MadeFor = user.Attributes?.GetValueOrDefault(TenantAttribute) is [var text, ..] && TenantId.TryParse(text, out var tenant) ? tenant : null,
        Enabled = user.Enabled ?? false,
        EmailVerified = user.EmailVerified ?? false,
        RequiredActions = user.RequiredActions ?? [],
    };
}
