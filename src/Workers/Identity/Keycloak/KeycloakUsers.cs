using System.Net;
using Saga.Contracts.Identifiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Users of the realm; those made here carry their tenant's id. Thread-safe.</summary>
internal sealed class KeycloakUsers(KeycloakAdmin admin, FindAgain findAgain)
{
    private const string TenantAttribute = "tenant_id";

    public async Task<DirectoryUser> EnsureAsync(TenantId tenant, string email, CancellationToken cancellation)
    {
        if (await FindAsync("username", email, cancellation) is { } found)
            return Accept(found, email);

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
            }, cancellation);
        }
        catch (StepFailureException e) when (e.Failure.Transient)
        {
            found = await findAgain.Async(() => FindAsync(email, cancellation), cancellation);
            if (found is null)
                throw;
            return Accept(found, email);
        }

        switch (answer.Status)
        {
            case HttpStatusCode.Created when KeycloakOrganizations.IdOf(answer) is { } id:
                return await MarkedAsync(id, email, cancellation);
            case HttpStatusCode.Created or HttpStatusCode.Conflict:
                found = await FindAsync(email, cancellation);
                return found is null ? throw KeycloakFailures.Clash("POST users", answer) : Accept(found, email);
            default:
                throw KeycloakFailures.Rejected("POST users", answer);
        }
    }

    /// <summary>By username, else by address: a user of somebody else's may be named otherwise.</summary>
    public async Task<DirectoryUser?> FindAsync(string email, CancellationToken cancellation) =>
        await FindAsync("username", email, cancellation) ?? await FindAsync("email", email, cancellation);

    public async Task DeleteAsync(string id, CancellationToken cancellation)
    {
        var answer = await admin.DeleteAsync($"users/{id}", cancellation);
        if (!answer.Succeeded && answer.Status != HttpStatusCode.NotFound)
            throw KeycloakFailures.Rejected($"DELETE users/{id}", answer);
    }

    private static DirectoryUser Accept(DirectoryUser found, string email)
    {
        if (!found.Enabled)
            throw DirectoryFailures.Disabled(email, KeycloakFailures.System);
        return found.EmailVerified || found.MadeFor is not null ? found : throw DirectoryFailures.Unverified(email, KeycloakFailures.System);
    }

    // A realm drops attributes that its user profile does not know, without a word. Without the mark a compensation
    // could not tell whose the user is, so such a realm is refused while the user is certainly ours.
    private async Task<DirectoryUser> MarkedAsync(string id, string email, CancellationToken cancellation)
    {
        var made = Describe(KeycloakAdmin.Read<UserRepresentation>(await admin.GetAsync($"users/{id}", cancellation), $"GET users/{id}"));
        if (made.MadeFor is not null)
            return made;
        await DeleteAsync(id, cancellation);
        throw KeycloakFailures.AttributesDropped(email);
    }

    private async Task<DirectoryUser?> FindAsync(string field, string email, CancellationToken cancellation)
    {
        var answer = await admin.GetAsync($"users?{field}={Uri.EscapeDataString(email)}&exact=true&briefRepresentation=false&max=2", cancellation);
        var users = KeycloakAdmin.Read<IReadOnlyList<UserRepresentation>>(answer, "GET users");
        return users.Count < 2 ? users.Select(Describe).SingleOrDefault() : throw StepFailureException.Permanent(
            "user-ambiguous", $"Several users have the {field} '{email}'.", "Leave one of them, and replay.", KeycloakFailures.System);
    }

    private static DirectoryUser Describe(UserRepresentation user) => new()
    {
        Id = user.Id!,
        Email = user.Email ?? user.Username ?? "",
        MadeFor = user.Attributes?.GetValueOrDefault(TenantAttribute) is [var text, ..] && TenantId.TryParse(text, out var tenant) ? tenant : null,
        Enabled = user.Enabled ?? false,
        EmailVerified = user.EmailVerified ?? false,
        RequiredActions = user.RequiredActions ?? [],
    };
}
