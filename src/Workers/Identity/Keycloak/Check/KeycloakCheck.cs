using System.Net;
using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak.Check;

/// <summary>
/// Finds what the server, the realm or the service account lacks, without changing anything. Roles are found by calls that are
/// refused as incomplete once the role is there, because reading roles would need more rights than provisioning. Thread-safe.
/// </summary>
internal sealed class KeycloakCheck(KeycloakAdmin admin, IOptions<KeycloakOptions> options)
{
    private const string GroupMapper = "oidc-organization-group-membership-mapper";
    private const string Organizations = "manage-organizations";
    private const string TenantAttribute = "tenant_id";

    private string Realm => options.Value.Realm!;

    /// <returns>One sentence for each fault, with its remedy; none if tenants can be provisioned.</returns>
    /// <exception cref="StepFailureException">Keycloak cannot answer now.</exception>
    public async Task<IReadOnlyList<string>> FindFaultsAsync(CancellationToken cancellationToken)
    {
        try
        {
            // In this order, so that a wrong address or secret is one fault and not one for each call.
            var server = await admin.ServerInfoAsync(cancellationToken);
            var faults = await Task.WhenAll(
                Task.FromResult(VersionFault(server)), OrganizationsFaultAsync(cancellationToken), UsersFaultAsync(cancellationToken), ProfileFaultAsync(cancellationToken));
            return [.. faults.OfType<string>()];
        }
        catch (StepFailureException e) when (e.Failure.Kind == FailureKind.Permanent)
        {
            return [Say($"{e.Failure.Message} {e.Failure.Remedy}")];
        }
    }

    internal static string Say(string words) => $"{KeycloakOptions.Section}: {words}";

    // A service account without manage-realm is not told the version. Then the known mappers show whether organisations have groups, and
    // the role manage-organizations, which Keycloak has from the oldest supported version, shows the rest.
    private static string? VersionFault(KeycloakAnswer answer)
    {
        if (!answer.Succeeded)
            return null;
        var server = KeycloakAdmin.Read<ServerInfoRepresentation>(answer, "GET admin/serverinfo");
        var known = System.Version.TryParse(server.SystemInfo?.Version?.Split('-')[0], out var version);
        if (known ? version >= KeycloakVersion.Oldest : server.ProtocolMapperTypes?.Values.Any(types => types.Any(t => t.Id == GroupMapper)) != false)
            return null;
        return Say($"Keycloak {(known ? server.SystemInfo!.Version : "is too old: it")} has no groups of organisations that the service account may manage. "
            + $"Upgrade to {KeycloakVersion.Oldest} or newer.");
    }

    private async Task<string?> OrganizationsFaultAsync(CancellationToken cancellationToken)
    {
        var realm = await admin.ProbeAsync(HttpMethod.Get, "", cancellationToken);
        var off = realm.Succeeded && KeycloakAdmin.Read<RealmRepresentation>(realm, "GET the realm").OrganizationsEnabled == false;
        // Without a name it is refused, after the caller's rights were checked.
        var answer = await admin.ProbeAsync(HttpMethod.Post, "organizations", cancellationToken, new object());
        return answer.Status switch
        {
            HttpStatusCode.NotFound => Off(),
            HttpStatusCode.Forbidden when off => Off() + " " + Lacks(Organizations),
            HttpStatusCode.Forbidden => Say(Lacks(Organizations)),
            _ => null,
        };

        string Off() => Say($"Organizations are off in the realm '{Realm}'. Turn them on in the realm's settings (organizationsEnabled).");
    }

    private async Task<string?> UsersFaultAsync(CancellationToken cancellationToken) =>
        (await admin.ProbeAsync(HttpMethod.Post, "users", cancellationToken, new object())).Status == HttpStatusCode.Forbidden ? Say(Lacks("manage-users")) : null;

    private async Task<string?> ProfileFaultAsync(CancellationToken cancellationToken)
    {
        var answer = await admin.ProbeAsync(HttpMethod.Get, "users/profile", cancellationToken);
        if (!answer.Succeeded)
            return null;
        var profile = KeycloakAdmin.Read<UserProfileRepresentation>(answer, "GET users/profile");
        if (profile.Attributes?.FirstOrDefault(a => a.Name == TenantAttribute) is { } declared)
        {
            return declared.Permissions?.Edit?.Contains("user", StringComparer.Ordinal) == true
                ? Say($"Users of the realm '{Realm}' may edit their attribute {TenantAttribute}. In the user profile, let only administrators edit it.")
                : null;
        }

        return profile.UnmanagedAttributePolicy is "ADMIN_EDIT" or "ENABLED"
            ? null
            : Say($"The realm '{Realm}' drops the attribute {TenantAttribute} of users. In the user profile, declare it and let only administrators view and edit it, "
                + "or set unmanaged attributes to 'only administrators can write' (ADMIN_EDIT).");
    }

    private string Lacks(string role) =>
        $"The service account of the client '{options.Value.ClientId}' lacks the role {role} of the client realm-management in the realm '{Realm}'. "
        + $"Grant it, and let the client's scope include it. {(role == Organizations ? $"Keycloak has it from {KeycloakVersion.Oldest}." : "")}".TrimEnd();
}
