using Npgsql;

namespace Saga.Tests.Support;

/// <summary>
/// Closes databases to PUBLIC, as an administrator does on a server for tenants: verification fails while a tenant's login may connect to
/// any database but its own, even to one of another test.
/// </summary>
public static class ClosedDatabases
{
    /// <summary>Closes the databases that every new server has.</summary>
    public static Task OnServerAsync(string admin) => ExecuteAsync(admin, "revoke connect, temporary on database postgres, template1 from public");

    /// <summary>Creates a database that is never open.</summary>
    public static Task CreateAsync(string admin, string name) => ExecuteAsync(
        admin, $"create database \"{name}\" connection limit 0", $"revoke connect, temporary on database \"{name}\" from public",
        $"alter database \"{name}\" connection limit -1");

    private static async Task ExecuteAsync(string admin, params IEnumerable<string> statements)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
