namespace Saga.Tests.Support;

/// <summary>
/// Which PostgreSQL the tests' private servers run: the programs in the folder SAGA_TEST_POSTGRES_BIN, or the newest installed ones.
/// Tests of the Host's own private server always run the installed ones, as the Host does.
/// </summary>
public static class TestedPostgres
{
    public const string Variable = "SAGA_TEST_POSTGRES_BIN";

    /// <summary>The folder with initdb and postgres; null for the installed ones.</summary>
    public static string? Folder => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : null;
}
