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
    /// <param name="admin">The superuser's connection string.</param>
    /// <param name="name">The new database's name.</param>
    /// <param name="template">The database to copy. Nobody may be connected to it.</param>
    /// <param name="further">Further statements, run before anybody can connect.</param>
    public static Task CreateAsync(string admin, string name, string template = "template1", params IEnumerable<string> further) => ExecuteAsync(
        admin,
        [
            $"create database \"{name}\" template \"{template}\" strategy file_copy connection limit 0", $"revoke connect, temporary on database \"{name}\" from public",
            .. further, $"alter database \"{name}\" connection limit -1",
        ]);

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
