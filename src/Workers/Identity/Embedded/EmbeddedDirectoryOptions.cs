using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Identity.Embedded;

/// <summary>
/// Guards the embedded identity. Its only authentication is a secret in a file, so it must never be combined with real systems. It
/// starts only in the modes for a single machine, where everything else is private to the host too.
/// </summary>
public sealed class EmbeddedDirectoryOptions : IValidatableObject
{
    public const string ModeKey = "Saga:Mode";

    /// <summary>For messages.</summary>
    public const string Modes = "'embedded' or 'local'";

    /// <summary>The value of <c>Saga:Mode</c>.</summary>
    public string? Mode { get; set; }

    /// <summary>Whether the mode allows the embedded identity. A missing mode does not, because it may not be a single machine.</summary>
    public static bool Allows(string? mode) =>
        string.Equals(mode, "embedded", StringComparison.OrdinalIgnoreCase) || string.Equals(mode, "local", StringComparison.OrdinalIgnoreCase);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Allows(Mode)
        ? []
        : [new($"{ModeKey} is '{Mode}', but {IdentityOptions.Section}:Adapter 'embedded' requires it to be {Modes}. With real systems, use the adapter 'keycloak'.")];
}
