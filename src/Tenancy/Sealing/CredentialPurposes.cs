namespace Saga.Tenancy.Sealing;

/// <summary>What a credential opens.</summary>
public static class CredentialPurposes
{
    public const string Database = "database";
    public const string Cache = "cache";

    /// <summary>The purpose for which the credential's secret is sealed. It never equals the purpose of a setting.</summary>
    internal static string Sealed(string purpose) => $"credential:{purpose}";
}
