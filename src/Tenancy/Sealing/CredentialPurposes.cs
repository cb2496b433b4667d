namespace Saga.Tenancy.Sealing;

/// <summary>What a credential opens.</summary>
public static class CredentialPurposes
{
    public const string Database = "database";
    public const string Cache = "cache";

    /// <summary>What the credential's secret is sealed for: never what a setting is sealed for.</summary>
    internal static string Sealed(string purpose) => $"credential:{purpose}";
}
