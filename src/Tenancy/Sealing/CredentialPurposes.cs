namespace Saga.Tenancy.Sealing;

/// <summary>What a credential opens.</summary>
public static class CredentialPurposes
{
    public const string Database = "database";
    public const string Cache = "cache";

    /// <summary>The read-only login of the database on its replicas. Runtimes find it in the view of replicas.</summary>
    public const string Replica = "replica";

    /// <summary>The purpose for which the credential's secret is sealed. It never equals the purpose of a setting.</summary>
    internal static string Sealed(string purpose) => $"credential:{purpose}";

    /// <summary>The purpose of the credential that will replace this one. Runtimes do not see it.</summary>
    internal static string Next(string purpose) => $"{purpose}.next";

    /// <summary>The purpose of the credential that this one has replaced, until it is barred. Runtimes do not see it.</summary>
    internal static string Former(string purpose) => $"{purpose}.former";
}
