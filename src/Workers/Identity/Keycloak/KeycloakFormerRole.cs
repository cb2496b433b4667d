using System.Net;
using System.Runtime.CompilerServices;
using Saga.Workers.Identity.Repair;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// The former role of the realm. Reads and revokes it through each user's own role mappings, for which manage-users suffices; reading
/// the role itself would need view-realm. Thread-safe.
/// </summary>
internal sealed class KeycloakFormerRole(KeycloakAdmin admin) : IFormerRole
{
    private const int Page = 100;

    public async IAsyncEnumerable<DirectoryUser> HoldersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var first = 0; ; first += Page)
        {
            var path = $"users?first={first}&max={Page}&briefRepresentation=false";
            var users = KeycloakAdmin.Read<IReadOnlyList<UserRepresentation>>(await admin.GetAsync(path, cancellationToken), "GET users");
            var granted = await Task.WhenAll(users.Select(u => FindAsync(u.Id!, cancellationToken)));
            foreach (var (user, _) in users.Zip(granted).Where(u => u.Second is not null))
                yield return KeycloakUsers.Describe(user);
            if (users.Count < Page)
                yield break;
        }
    }

    public async Task<bool> RevokeAsync(string userId, CancellationToken cancellationToken)
    {
        if (await FindAsync(userId, cancellationToken) is not { } role)
            return false;
        var path = Mappings(userId);
        var answer = await admin.DeleteAsync(path, cancellationToken, new[] { role });
        if (!answer.Succeeded && answer.Status != HttpStatusCode.NotFound)
            throw KeycloakFailures.Rejected($"DELETE {path}", answer);
        return true;
    }

    private async Task<RoleRepresentation?> FindAsync(string userId, CancellationToken cancellationToken)
    {
        var path = Mappings(userId);
        var answer = await admin.GetAsync(path, cancellationToken);
        return answer.Status == HttpStatusCode.NotFound
            ? null
            : KeycloakAdmin.Read<IReadOnlyList<RoleRepresentation>>(answer, $"GET {path}").FirstOrDefault(r => r.Name == IFormerRole.Name);
    }

    private static string Mappings(string userId) => $"users/{userId}/role-mappings/realm";
}
