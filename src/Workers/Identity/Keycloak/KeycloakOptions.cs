using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>Keycloak's address, and this system's client there. Section <c>Saga:Identity:Keycloak</c>.</summary>
public sealed class KeycloakOptions
{
    public const string Section = IdentityOptions.Section + ":Keycloak";

    /// <summary>Keycloak's address without <c>/realms</c> or <c>/admin</c>, but with the relative path if Keycloak has one.</summary>
    [Required(ErrorMessage = Section + ":BaseUrl must be Keycloak's address, such as https://id.example.com.")]
    [RegularExpression("https?://.+", ErrorMessage = Section + ":BaseUrl must be an http or https address, such as https://id.example.com.")]
    public string? BaseUrl { get; set; }

    [Required(ErrorMessage = Section + ":Realm must be the name of the realm with the organisations.")]
    [RegularExpression("[^/?#]+", ErrorMessage = Section + ":Realm must be a realm's name, without '/', '?' and '#'.")]
    public string? Realm { get; set; }

    /// <summary>A confidential client of the realm, with a service account.</summary>
    [Required(ErrorMessage = Section + ":ClientId must be a confidential client of the realm with a service account.")]
    public string? ClientId { get; set; }

    [Required(ErrorMessage = Section + ":ClientSecret must be the client's secret.")]
    public string? ClientSecret { get; set; }

    /// <summary>The most concurrent calls of this process.</summary>
    [Range(1, 256, ErrorMessage = Section + ":MaxConcurrency must be 1 to 256 calls.")]
    public int MaxConcurrency { get; set; } = 8;

    /// <summary>Time limit for one try of one call. Waiting for a free slot does not count.</summary>
    [Range(0.05, 120, ErrorMessage = Section + ":TimeoutSeconds must be 0.05 to 120 seconds.")]
    public double TimeoutSeconds { get; set; } = 10;

    /// <summary>Retries of a call that is safe to repeat.</summary>
    [Range(0, 10, ErrorMessage = Section + ":Retries must be 0 to 10.")]
    public int Retries { get; set; } = 2;

    /// <summary>The median of the first delay, which doubles with each retry.</summary>
    [Range(1, 10_000, ErrorMessage = Section + ":RetryDelayMilliseconds must be 1 to 10000 milliseconds.")]
    public int RetryDelayMilliseconds { get; set; } = 200;

    /// <summary>How long Keycloak may still act on a call that got no answer. After such a call, the compensation runs once more when this time is over.</summary>
    [Range(0, 3600, ErrorMessage = Section + ":LingersForSeconds must be 0 to 3600 seconds.")]
    public int LingersForSeconds { get; set; } = 30;

    /// <summary>Whether Keycloak mails a new administrator the required actions. Needs SMTP in the realm.</summary>
    public bool SendActionsEmail { get; set; }

    [Range(300, 2_592_000, ErrorMessage = Section + ":ActionsEmailLifespanSeconds must be 300 to 2592000 seconds.")]
    public int ActionsEmailLifespanSeconds { get; set; } = 86_400;
}
