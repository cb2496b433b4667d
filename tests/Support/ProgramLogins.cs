using Npgsql;
using Saga.Registry;

namespace Saga.Tests.Support;

/// <summary>The programs' logins in the registry, each with its program's rights only.</summary>
public static class ProgramLogins
{
    public const string Api = "saga_test_api";
    public const string Orchestrator = "saga_test_orchestrator";
    public const string Workers = "saga_test_workers";

    /// <summary>For a team's own worker.</summary>
    public const string Steps = "saga_test_steps";

    /// <summary>For a process that orchestrates and runs workers.</summary>
    public const string Provisioning = "saga_test_provisioning";

    private const string Password = "program";

    private static readonly (string Login, string[] Programs)[] All =
    [
        (Api, ["api"]), (Orchestrator, ["orchestrator"]), (Workers, ["workers"]), (Steps, ["steps"]), (Provisioning, ["orchestrator", "workers"]),
    ];

    /// <summary>Creates missing logins in the registry's cluster. The registry must be migrated, so that the roles exist.</summary>
    public static async Task EnsureAsync(NpgsqlDataSource registry)
    {
        foreach (var (login, programs) in All)
        {
            try
            {
                var roles = string.Join(", ", programs.Select(p => $"{RegistryOptions.DefaultRolePrefix}_{p}"));
                await using var create = registry.CreateCommand($"create role {login} login password '{Password}' in role {roles}");
                await create.ExecuteNonQueryAsync();
            }
            catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation)
            {
                // Another test created it.
            }
        }
    }

    /// <summary>The connection string of a registry with this login.</summary>
    public static string On(string registry, string login) =>
        new NpgsqlConnectionStringBuilder(registry) { Username = login, Password = Password }.ConnectionString;
}
