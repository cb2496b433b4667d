namespace Saga.Tenancy.Sealing;

/// <summary>
/// The runtime keys. Workers wrap every tenant's key under each of them, and a runtime opens it with any one. They open what
/// runtimes may read, and nothing that is under a master key. Section <c>Saga:Runtime</c>.
/// </summary>
public sealed class RuntimeKeyOptions
{
    public const string Section = "Saga:Runtime";
    public const int KeyBytes = 32;

    /// <summary>Runtime keys by id: 32 random bytes as base64 each. A new key needs a new id.</summary>
    public Dictionary<string, string> Keys { get; set; } = new(StringComparer.OrdinalIgnoreCase);
}
