using System.Net;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Realm roles and their grants. Thread-safe.</summary>
internal sealed class KeycloakRoles(KeycloakAdmin admin)
{
    public async Task GrantAsync(string userId, RoleRepresentation role, CancellationToken cancellationToken)
    {
        var path = Mappings(userId);
        try
        {
            var answer = await admin.PostAsync(path, new[] { role }, cancellationToken);
            if (!answer.Succeeded)
                throw KeycloakFailures.Rejected($"POST {path}", answer);
        }
        catch (StepFailureException e) when (e.MayHaveActed)
        {
            if (!(await ListAsync(userId, cancellationToken)).Contains(role.Name, StringComparer.Ordinal))
                throw;
        }
    }

    public async Task<IReadOnlyList<string>> ListAsync(string userId, CancellationToken cancellationToken)
    {
        var path = Mappings(userId);
        var answer = await admin.GetAsync(path, cancellationToken);
        return answer.Status == HttpStatusCode.NotFound
            ? []
            : [.. KeycloakAdmin.Read<IReadOnlyList<RoleRepresentation>>(answer, $"GET {path}").Select(r => r.Name)];
    }

    public async Task RevokeAsync(string userId, string role, CancellationToken cancellationToken)
    {
        if (await FindAsync(role, cancellationToken) is not { } known)
            return;
        var path = Mappings(userId);
        var answer = await admin.DeleteAsync(path, cancellationToken, new[] { known });
        if (!answer.Succeeded && answer.Status != HttpStatusCode.NotFound)
            throw KeycloakFailures.Rejected($"DELETE {path}", answer);
    }

    /// <summary>Finds or creates the role.</summary>
    public async Task<RoleRepresentation> EnsureAsync(string role, CancellationToken cancellationToken)
    {
        if (await FindAsync(role, cancellationToken) is { } known)
            return known;
        KeycloakAnswer answer;
        try
        {
            answer = await admin.PostAsync("roles", new RoleRepresentation { Name = role, Description = "Administers the tenants the user is a member of." }, cancellationToken);
        }
        catch (StepFailureException e) when (e.MayHaveActed)
        {
            if (await FindAsync(role, cancellationToken) is not { } made)
                throw;
            return made;
        }

        // 409: another attempt created it first.
        if (!answer.Succeeded && answer.Status != HttpStatusCode.Conflict)
            throw KeycloakFailures.Rejected("POST roles", answer);
        return await FindAsync(role, cancellationToken) ?? throw KeycloakFailures.Clash("POST roles", answer);
    }

    private async Task<RoleRepresentation?> FindAsync(string role, CancellationToken cancellationToken)
    {
        var path = $"roles/{Uri.EscapeDataString(role)}";
        var answer = await admin.GetAsync(path, cancellationToken);
        return answer.Status == HttpStatusCode.NotFound ? null : KeycloakAdmin.Read<RoleRepresentation>(answer, $"GET {path}");
    }

    private static string Mappings(string userId) => $"users/{userId}/role-mappings/realm";
}
