namespace Saga.Workers.Sealing;

/// <summary>The two names of a tenant's user in an external system. They are used in turn, so that a rotation never touches the user that is in use.</summary>
internal static class CredentialNames
{
    private const string Second = "_b";

    /// <summary>The name whose turn comes after this one.</summary>
    public static string Other(string name) => name.EndsWith(Second, StringComparison.Ordinal) ? name[..^Second.Length] : name + Second;

    /// <summary>Both names, the one of provisioning first.</summary>
    public static IReadOnlyList<string> Both(string name) => [name, name + Second];
}
