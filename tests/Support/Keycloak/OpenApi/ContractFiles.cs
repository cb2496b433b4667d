namespace Saga.Tests.Support.Keycloak.OpenApi;

/// <summary>Published contracts of other systems, stored outside the checkout: in the folder in SAGA_CONTRACTS, or in <c>shared/contracts</c> of any parent folder.</summary>
public static class ContractFiles
{
    public const string Variable = "SAGA_CONTRACTS";

    /// <summary>The file's path, or null when it is not available.</summary>
    public static string? Find(string file)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            return Existing(Path.Combine(given, file));
        return SharedFiles.Find("contracts", file);
    }

    /// <summary>Why a test that needs the file is skipped.</summary>
    public static string Missing(string file) =>
        $"Skipped: {file} is neither in shared/contracts of a folder above the tests nor in the folder that {Variable} names, so nothing can be held to it.";

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}
