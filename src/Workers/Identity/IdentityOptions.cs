using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Identity;

/// <summary>The identity provider for organisations and users. Section <c>Saga:Identity</c>.</summary>
public sealed class IdentityOptions
{
    public const string Section = "Saga:Identity";
    public const string Keycloak = "keycloak";
    public const string Embedded = "embedded";

    [Required(ErrorMessage = Expectation)]
    [AllowedValues(Keycloak, Embedded, ErrorMessage = Expectation)]
    public string? Adapter { get; set; }

    private const string Expectation = "Saga:Identity:Adapter must be 'keycloak' or 'embedded'.";
}
