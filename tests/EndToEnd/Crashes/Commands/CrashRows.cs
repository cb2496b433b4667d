using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>A tenant's rows, as a superuser sees them, whom no policy stops.</summary>
internal static class CrashRows
{
    /// <summary>Gives it users, documents and a setting.</summary>
    public static Task FillAsync(CrashSite site, TenantId tenant) => ExecuteAsync(
        site, tenant,
        """
        insert into users (tenant_id, email, display_name) select @Value, gen_random_uuid() || '@acme.example', 'U' || i from generate_series(1, 3) i;
        insert into documents (tenant_id, author_id, title, body) select tenant_id, id, 'D' || i, repeat('ä', i) from users, generate_series(1, 5) i where tenant_id = @Value;
        insert into settings (tenant_id, key, value) values (@Value, 'crash.colour', '"red"')
        """);

    /// <summary>Adds, changes and deletes rows.</summary>
    public static Task ChangeAsync(CrashSite site, TenantId tenant) => ExecuteAsync(
        site, tenant,
        """
        delete from documents where tenant_id = @Value and title = 'D1';
        update documents set body = 'changed' where tenant_id = @Value and title = 'D2';
        insert into users (tenant_id, email, display_name) values (@Value, gen_random_uuid() || '@acme.example', 'New');
        delete from settings where tenant_id = @Value and key = 'crash.colour'
        """);

    /// <summary>How many users, documents and settings it has, and a digest of them.</summary>
    /// <param name="site">The site.</param>
    /// <param name="tenant">Whose rows.</param>
    /// <param name="state">The state of the place in which they are looked for. Without a place in this state it is the last one.</param>
    public static async Task<string> ReadAsync(CrashSite site, TenantId tenant, string state = "current")
    {
        if (await PlaceAsync(site, tenant, state) is not { } place)
            return "0 0 0";
        await using var connection = await OpenAsync(site, place.Database, place.Schema);
        return await ReadAsync(connection, tenant);
    }

    /// <summary>The same in a database that a restore has made.</summary>
    public static async Task<string> RestoredAsync(CrashSite site, TenantId tenant, string database)
    {
        await using var connection = await OpenAsync(site, database, "public");
        var schema = await connection.QuerySingleAsync<string>("select relnamespace::regnamespace::text from pg_class where relname = 'documents' and relkind = 'r'");
        await connection.ExecuteAsync($"set search_path = {schema}");
        return await ReadAsync(connection, tenant);
    }

    /// <summary>Throws unless the tenant is open everywhere, and its place has the epoch of its placement.</summary>
    public static async Task RequireOpenAsync(CrashSite site, TenantId tenant)
    {
        var facts = await AccessFacts.ReadAsync(site.Site, tenant);
        facts.IsOpen.ShouldBeTrue(facts.ToString());
        facts.Place.ShouldBe($"open {await site.ScalarAsync<string>("select epoch::text from placements where tenant_id = @Value and state = 'current'", new { tenant.Value })}");
    }

    /// <summary>The databases on the server, of all sites.</summary>
    public static async Task<IReadOnlyList<string>> DatabasesAsync(CrashSite site)
    {
        await using var connection = await OpenAsync(site, "postgres", "public");
        return [.. await connection.QueryAsync<string>("select datname from pg_database")];
    }

    /// <summary>Opens a database of the site's first server.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(CrashSite site, string database, string schema)
    {
        // Not pooled, because an open connection would prevent the database from being dropped.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(site.Site.Servers[0].ConnectionString) { Database = database, SearchPath = schema, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<string> ReadAsync(NpgsqlConnection connection, TenantId tenant) => (await connection.ExecuteScalarAsync<string>(
        """
        with u as (select count(*) n, string_agg(u::text, '|' order by id) t from users u where tenant_id = @Value),
             d as (select count(*) n, string_agg(d::text, '|' order by id) t from documents d where tenant_id = @Value),
             s as (select count(*) n, string_agg(s::text, '|' order by key) t from settings s where tenant_id = @Value)
        select concat_ws(' ', u.n, d.n, s.n, case when u.n + d.n + s.n > 0 then md5(concat(u.t, d.t, s.t)) end) from u, d, s
        """,
        new { tenant.Value }))!;

    private static async Task ExecuteAsync(CrashSite site, TenantId tenant, string sql)
    {
        var (database, schema) = (await PlaceAsync(site, tenant, "current"))!.Value;
        await using var connection = await OpenAsync(site, database, schema);
        await connection.ExecuteAsync(sql, new { tenant.Value });
    }

    private static async Task<(string Database, string Schema)?> PlaceAsync(CrashSite site, TenantId tenant, string state)
    {
        await using var registry = await site.Site.Registry.OpenConnectionAsync();
        return await registry.QueryFirstOrDefaultAsync<(string, string)?>(
            "select database, schema from placements where tenant_id = @Value order by state = @state desc, epoch desc limit 1", new { tenant.Value, state });
    }
}
