using System.Data;
using Dapper;
using Npgsql;

namespace Saga.Bench.Provisioning;

/// <summary>Rows for a tenant of the sample product, in the tenant's own place.</summary>
internal static class Documents
{
    /// <summary>Writes documents with text of about 300 bytes.</summary>
    /// <param name="admin">The superuser's connection string.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="slug">The tenant.</param>
    /// <param name="rows">How many.</param>
    /// <returns>How many documents the tenant has afterwards.</returns>
    public static async Task<long> FillAsync(string admin, NpgsqlDataSource registry, string slug, int rows)
    {
        await using var source = await registry.OpenConnectionAsync();
        var (tenant, database, schema) = await source.QuerySingleAsync<(Guid, string, string)>(
            "select t.id, database, schema from placements p join tenants t on t.id = p.tenant_id where t.slug = @slug and state = 'current'", new { slug });
        await using var place = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { Database = database, SearchPath = schema, Pooling = false }.ConnectionString);
        await place.OpenAsync();
        // Digests, because text that repeats would compress to nothing.
        await place.ExecuteAsync(
            """
            insert into documents (tenant_id, title, body)
            select @tenant, 'Document ' || i, md5(i::text) || md5('a' || i) || md5('b' || i) || md5('c' || i) || repeat(md5('d' || i), 4) from generate_series(1, @rows) i
            """,
            new { tenant, rows }, commandTimeout: 0);
        await place.ExecuteAsync("checkpoint", commandTimeout: 0, commandType: CommandType.Text);
        return await place.ExecuteScalarAsync<long>("select count(*) from documents where tenant_id = @tenant", new { tenant });
    }
}
