using System.Net;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Translates Keycloak's errors for operators.</summary>
public static class KeycloakFailures
{
    public const string System = SystemNames.Keycloak;
    public const string Unavailable = "keycloak-unavailable";
    public const string Busy = "keycloak-busy";
    public const string ServerFailed = System + FailureCodes.ServerErrorSuffix;
    public const string CredentialsRefused = "keycloak-credentials-refused";
    public const string Forbidden = "keycloak-forbidden";
    public const string OrganizationsOff = "keycloak-organizations-off";
    public const string UserAttributesOff = "keycloak-user-attributes-off";
    public const string TooOld = "keycloak-too-old";
    public const string Refused = "keycloak-refused";
    public const string Conflict = "keycloak-conflict";
    public const string Unintelligible = "keycloak-unintelligible";

    internal static StepFailureException Unreachable(string call, string why, FailureKind kind, Exception? cause = null) => StepFailureException.Of(
        kind, Unavailable, $"Keycloak did not answer {call}: {why}.",
        $"Check that {KeycloakOptions.Section}:BaseUrl points to a healthy Keycloak.", System, cause);

    /// <summary>A response after which the same call may succeed later.</summary>
    internal static StepFailureException NotNow(string call, KeycloakAnswer answer) => answer.Kind switch
    {
        FailureKind.Overload => StepFailureException.Overload(
            Busy, $"Keycloak is overloaded: it answered {call} with {(int)answer.Status}.", System,
            $"Nothing, unless it lasts. Then lower {KeycloakOptions.Section}:MaxConcurrency, or give Keycloak more resources.", answer.RetryAfter),
        FailureKind.Outage => StepFailureException.Outage(Unavailable, Said(call, answer), System, "Check Keycloak's log."),
        var kind => StepFailureException.Of(kind, ServerFailed, Said(call, answer), "Check Keycloak's log.", System),
    };

    internal static StepFailureException BadCredentials(KeycloakAnswer answer) => StepFailureException.Permanent(
        CredentialsRefused, $"Keycloak issued no token ({(int)answer.Status}): {answer.ErrorText}.",
        $"Check {KeycloakOptions.Section}:Realm, :ClientId and :ClientSecret, and that the client has a service account.", System);

    internal static StepFailureException TokenRefused(string call) => StepFailureException.Permanent(
        CredentialsRefused, $"Keycloak refused a fresh token for {call}.",
        $"Check that {KeycloakOptions.Section}:BaseUrl and :Realm name the realm that issued it, and that the client is enabled with a service account.", System);

    internal static StepFailureException MissingRole(string call, KeycloakAnswer answer) => StepFailureException.Permanent(
        Forbidden, $"Keycloak forbids {call}: {answer.ErrorText}.",
        "Grant the client's service account the roles manage-organizations and manage-users of the client realm-management.", System);

    internal static StepFailureException NoGroups(string call) => StepFailureException.Permanent(
        TooOld, $"Keycloak does not know {call}: it has no groups of organisations.",
        $"Upgrade Keycloak to {KeycloakVersion.Oldest} or newer, then replay.", System);

    internal static StepFailureException OrganizationGone(string id) => StepFailureException.Permanent(
        DirectoryFailures.OrganizationMissing, $"The organisation {id} does not exist.", $"Replay the operation from the step '{StepNames.Identity}'.", System);

    internal static StepFailureException NoOrganizations(KeycloakAnswer answer) => StepFailureException.Permanent(
        OrganizationsOff, $"Keycloak has no organisations in this realm: {answer.ErrorText}",
        $"Turn Organizations on in the realm's settings (organizationsEnabled), and check {KeycloakOptions.Section}:Realm.", System);

    internal static StepFailureException AttributesDropped(string email) => StepFailureException.Permanent(
        UserAttributesOff, $"Keycloak dropped the attribute tenant_id of the new user '{email}', so the user was removed again.",
        "In the realm's user profile, set unmanaged attributes to 'only administrators can write' (ADMIN_EDIT), or declare the attribute tenant_id, writable by administrators only.", System);

    internal static StepFailureException Rejected(string call, KeycloakAnswer answer) => StepFailureException.Permanent(
        Refused, $"Keycloak refused {call} with {(int)answer.Status}: {answer.ErrorText}.", "Fix the cause that Keycloak reports, then replay.", System);

    private static string Said(string call, KeycloakAnswer answer) => $"Keycloak answered {call} with {(int)answer.Status}: {answer.ErrorText}.";

    internal static StepFailureException Vanished(string alias) => StepFailureException.Transient(
        Conflict, $"The organisation '{alias}' was deleted while it was being changed.", null, System);

    /// <summary>A refusal of a call whose purpose is not fulfilled. After a 409 another attempt may succeed: what conflicted is gone, or not visible yet.</summary>
    internal static StepFailureException Refusal(string call, KeycloakAnswer answer) =>
        answer.Status == HttpStatusCode.Conflict ? Clash(call, answer) : Rejected(call, answer);

    internal static StepFailureException Clash(string call, KeycloakAnswer answer) => StepFailureException.Transient(
        Conflict, $"Keycloak answered {call} with {(int)answer.Status} ({answer.ErrorText}), but neither what was to be made nor a conflicting entry is visible.", null, System);
}
