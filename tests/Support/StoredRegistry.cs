using System.Globalization;
using System.Text;
using Dapper;
using Npgsql;

namespace Saga.Tests.Support;

/// <summary>Control-plane databases of earlier versions, stored as SQL in <c>TestData</c>.</summary>
public static class StoredRegistry
{
    /// <summary>The unmigrated database of that version, as if its programs had stopped half a minute ago.</summary>
    public static async Task<NpgsqlDataSource> LoadAsync(string version)
    {
        var source = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync("registry") + ";Persist Security Info=true");
        await using var connection = await source.OpenConnectionAsync();
        using var reader = new StreamReader(typeof(StoredRegistry).Assembly.GetManifestResourceStream($"registry-{version}.sql")
            ?? throw new ArgumentException($"No registry of version {version} is kept.", nameof(version)));
        await connection.ExecuteAsync(await reader.ReadToEndAsync());
        await MoveTimesAsync(connection);
        return source;
    }

    /// <summary>Shifts deadlines, leases and delays to realistic times for an upgrade, instead of years ago.</summary>
    public static async Task MoveTimesAsync(NpgsqlConnection connection)
    {
        var by = await connection.ExecuteScalarAsync<TimeSpan>("select now() - interval '30 seconds' - max(at) from operation_history");
        var columns = await connection.QueryAsync<(string Table, string Column)>(
            """
            select table_name, column_name from information_schema.columns join information_schema.tables using (table_schema, table_name)
            where table_schema = 'public' and table_type = 'BASE TABLE' and data_type = 'timestamp with time zone'
            """);
        var sql = new StringBuilder();
        foreach (var (table, column) in columns)
            sql.Append(CultureInfo.InvariantCulture, $"update {table} set {column} = {column} + @by where isfinite({column});");
        await connection.ExecuteAsync(sql.ToString(), new { by });
    }
}
