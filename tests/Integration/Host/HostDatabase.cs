using System.Globalization;
using Npgsql;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Host;

/// <summary>The private PostgreSQL of a running host, as its superuser.</summary>
internal static class HostDatabase
{
    public static string Address(string folder, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1", Port = int.Parse(File.ReadAllText(Path.Combine(folder, "postgres", "port")), CultureInfo.InvariantCulture), Database = database,
        Username = "saga_admin", Password = File.ReadAllText(Path.Combine(folder, "postgres", "password")).Trim(), Pooling = false,
    }.ConnectionString;

    /// <summary>Connects, unpooled, so that the database can be dropped afterwards.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(HostProcess host, string database, string? schema = null)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Address(host.Folder, database)) { SearchPath = schema }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
