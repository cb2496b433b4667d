using Npgsql;
using Saga.Registry;

namespace Saga.Tests.Support;

/// <summary>The login of a product service: it may read the views of <c>runtime_v1</c>, and nothing else of the registry.</summary>
public static class RuntimeLogin
{
    public const string Name = "saga_test_runtime";

    /// <summary>The runtime key of every test's workers, as configuration has it.</summary>
    public static readonly string Key = Convert.ToBase64String([.. Enumerable.Range(100, 32).Select(i => (byte)i)]);

    private const string Password = "runtime";

    /// <summary>Makes the login in the registry's cluster, unless it is there. The registry has been migrated: the role is there.</summary>
    public static async Task EnsureAsync(NpgsqlDataSource registry)
    {
        try
        {
            await using var create = registry.CreateCommand($"create role {Name} login password '{Password}' in role {RegistryOptions.DefaultRuntimeRole}");
            await create.ExecuteNonQueryAsync();
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UniqueViolation)
        {
            // Of another test.
        }
    }

    /// <summary>The way to a registry with this login.</summary>
    public static string On(string registry) =>
        new NpgsqlConnectionStringBuilder(registry) { Username = Name, Password = Password }.ConnectionString;
}
