using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Identity.Embedded;

/// <summary>Guards the embedded directory: it asks nobody for credentials, so it never stands beside real systems.</summary>
public sealed class EmbeddedDirectoryOptions
{
    public const string ModeKey = "Saga:Mode";
    public const string RequiredMode = "embedded";

    /// <summary>The value of <c>Saga:Mode</c>.</summary>
    [Required(ErrorMessage = Expectation)]
    [AllowedValues(RequiredMode, ErrorMessage = Expectation)]
    public string? Mode { get; set; }

    private const string Expectation =
        ModeKey + " must be 'embedded' where " + IdentityOptions.Section + ":Adapter is 'embedded'; with real systems, use the adapter 'keycloak'.";
}
