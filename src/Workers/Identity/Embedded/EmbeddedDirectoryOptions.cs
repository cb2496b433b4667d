using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Identity.Embedded;

/// <summary>
/// Guards the embedded identity: it asks nobody who he is beyond a secret in a file, so it never stands beside
/// real systems. The modes it starts in are those of one machine, where everything else is private to the host too.
/// </summary>
public sealed class EmbeddedDirectoryOptions : IValidatableObject
{
    public const string ModeKey = "Saga:Mode";

    /// <summary>For messages.</summary>
    public const string Modes = "'embedded' or 'local'";

    /// <summary>The value of <c>Saga:Mode</c>.</summary>
    public string? Mode { get; set; }

    /// <summary>Without a mode, nothing says that this is one machine.</summary>
    public static bool Allows(string? mode) =>
        string.Equals(mode, "embedded", StringComparison.OrdinalIgnoreCase) || string.Equals(mode, "local", StringComparison.OrdinalIgnoreCase);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Allows(Mode)
        ? []
        : [new($"{ModeKey} is '{Mode}', but {IdentityOptions.Section}:Adapter 'embedded' starts only where it is {Modes}. With real systems, use the adapter 'keycloak'.")];
}
