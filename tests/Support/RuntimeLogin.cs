using Npgsql;
using Saga.Registry;

namespace Saga.Tests.Support;

/// <summary>The login of a product service, which may read only the views of <c>runtime_v1</c>.</summary>
public static class RuntimeLogin
{
    public const string Name = "saga_test_runtime";

    /// <summary>The runtime key of every test's workers, as configured.</summary>
    public static readonly string Key = Convert.ToBase64String([.. Enumerable.Range(100, 32).Select(i => (byte)i)]);

    private const string Password = "runtime";

    /// <summary>Creates the login in the registry's cluster if it is missing. The registry must be migrated, so that the role exists.</summary>
    public static async Task EnsureAsync(NpgsqlDataSource registry)
    {
        try
        {
            await using var create = registry.CreateCommand($"create role {Name} login password '{Password}' in role {RegistryOptions.DefaultRuntimeRole}");
            await create.ExecuteNonQueryAsync();
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation)
        {
            // Another test created it.
        }
    }

    /// <summary>The connection string of a registry with this login.</summary>
    public static string On(string registry) =>
        new NpgsqlConnectionStringBuilder(registry) { Username = Name, Password = Password }.ConnectionString;
}
