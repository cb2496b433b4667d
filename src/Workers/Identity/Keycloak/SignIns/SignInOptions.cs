using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Identity.Keycloak.SignIns;

/// <summary>Which of Keycloak's sign-ins are in the audit log. Section <c>Saga:Identity:Keycloak:SignIns</c>.</summary>
public sealed class SignInOptions
{
    public const string Section = KeycloakOptions.Section + ":SignIns";

    /// <summary>The ids of the realm's clients whose sign-ins are read, such as the console's; none by default.</summary>
    [MaxLength(20, ErrorMessage = Section + ":Clients must name 20 clients at most.")]
    public IList<string> Clients { get; set; } = [];

    /// <summary>How often they are read.</summary>
    [Range(1, 3600, ErrorMessage = Section + ":PollSeconds must be 1 to 3600 seconds.")]
    public double PollSeconds { get; set; } = 30;
}
