using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak.Check;

/// <summary>
/// The check at start, and in addition whether tokens name their subject, its organisations and its groups there. Reading the
/// configuration of tokens needs view-clients, which provisioning does not. Thread-safe.
/// </summary>
internal sealed class KeycloakRealmCheck(KeycloakCheck check, KeycloakAdmin admin, IOptions<KeycloakOptions> options) : IIdentityCheck
{
    private const string Scope = "organization";

    public async Task<IdentityCheckReport> RunAsync(CancellationToken cancellationToken)
    {
        List<string> faults = [.. await check.FindFaultsAsync(cancellationToken)];
        try
        {
            var answer = await admin.ProbeAsync(HttpMethod.Get, "client-scopes", cancellationToken);
            if (!answer.Succeeded)
            {
                return new(faults,
                [
                    $"The scopes of tokens: this needs the role view-clients of realm-management. Grant it to '{options.Value.ClientId}' for the time of this check, "
                        + "or compare the realm with deploy/keycloak/realm.json.",
                ]);
            }

            faults.AddRange(TokenFaults(KeycloakAdmin.Read<IReadOnlyList<ClientScopeRepresentation>>(answer, "GET client-scopes")).Select(KeycloakCheck.Say));
            faults.AddRange((await UnusedScopeAsync(cancellationToken)).Select(KeycloakCheck.Say));
        }
        catch (StepFailureException e) when (e.Failure.Kind == FailureKind.Permanent && faults.Count > 0)
        {
            // The same fault again, such as a wrong secret.
        }

        return new(faults, []);
    }

    internal static IEnumerable<string> TokenFaults(IReadOnlyList<ClientScopeRepresentation> scopes)
    {
        if (Mapper("basic", "oidc-sub-mapper") is null)
            yield return "The client scope 'basic' is missing or has no mapper oidc-sub-mapper, so tokens name no subject (sub). Add the mapper.";
        var membership = Mapper(Scope, "oidc-organization-membership-mapper");
        if (membership is null)
        {
            yield return $"The client scope '{Scope}' is missing or has no mapper oidc-organization-membership-mapper, so tokens name no organisations. Add the mapper.";
        }
        else
        {
            foreach (var (key, value) in new[] { ("jsonType.label", "JSON"), ("multivalued", "true"), ("addOrganizationId", "true"), ("access.token.claim", "true"), ("claim.name", Scope) })
            {
                if (membership.Setting(key) != value)
                    yield return $"The mapper '{membership.Name}' of the client scope '{Scope}' has {key} '{membership.Setting(key)}'. Set it to '{value}'.";
            }
        }

        var groups = Mapper(Scope, "oidc-organization-group-membership-mapper");
        if (groups is null)
        {
            yield return $"The client scope '{Scope}' has no mapper oidc-organization-group-membership-mapper, so tokens name no administrators of tenants. Add the mapper.";
        }
        else if (groups.Setting("access.token.claim") != "true")
        {
            yield return $"The mapper '{groups.Name}' of the client scope '{Scope}' has access.token.claim '{groups.Setting("access.token.claim")}'. Set it to 'true'.";
        }

        MapperRepresentation? Mapper(string scope, string type) =>
            scopes.FirstOrDefault(s => s.Name == scope)?.ProtocolMappers?.FirstOrDefault(m => m.ProtocolMapper == type);
    }

    private async Task<IReadOnlyList<string>> UnusedScopeAsync(CancellationToken cancellationToken)
    {
        foreach (var list in new[] { "default-default-client-scopes", "default-optional-client-scopes" })
        {
            var answer = await admin.ProbeAsync(HttpMethod.Get, list, cancellationToken);
            if (!answer.Succeeded || KeycloakAdmin.Read<IReadOnlyList<ClientScopeRepresentation>>(answer, $"GET {list}").Any(s => s.Name == Scope))
                return [];
        }

        return [$"The client scope '{Scope}' is neither a default nor an optional scope of the realm, so new clients cannot ask for it. Add it to the optional ones."];
    }
}
