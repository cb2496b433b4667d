using System.Globalization;
using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using StackExchange.Redis;

namespace Saga.Tests.Support.World;

/// <summary>What decides in each external system whether a tenant's data can be reached, in full detail.</summary>
public sealed record AccessFacts(string Login, string Place, string Cache, string Organization)
{
    public static async Task<AccessFacts> ReadAsync(Site site, TenantId tenant)
    {
        string server, database, login, user;
        await using (var registry = await site.Registry.OpenConnectionAsync())
        {
            (server, database, login, user) = await registry.QuerySingleAsync<(string, string, string, string)>(
                """
                select server, database, login, (select username from tenant_credentials c where c.tenant_id = p.tenant_id and purpose = 'cache')
                from placements p where tenant_id = @Value and state in ('current', 'building')
                """,
                new { tenant.Value });
        }

        var admin = site.Servers.Single(s => s.Name == server).ConnectionString;
        var role = await OneAsync(admin, "postgres", login,
            """
            select concat_ws(' ', rolcanlogin, rolconnlimit, rolpassword, rolinherit,
                (select string_agg(r.rolname, ',' order by r.rolname) from pg_auth_members m join pg_roles r on r.oid = m.roleid where m.member = a.oid),
                (select string_agg(array_to_string(setconfig, ','), ';') from pg_db_role_setting where setrole = a.oid))
            from pg_authid a where rolname = @key
            """);
        var place = await OneAsync(admin, database, tenant.ToString(), "select mode || ' ' || epoch from saga.place where tenant_id = @key::uuid");
        var organization = site.Keycloak.Organizations.Single(o => o.Attributes.GetValueOrDefault("tenant_id") is [var id] && id == tenant.ToString());
        return new(role, place, await UserAsync(site.World.Redis.Address, user), JsonSerializer.Serialize(organization));
    }

    public bool IsOpen => Login.StartsWith("t ", StringComparison.Ordinal) && Place.StartsWith("open ", StringComparison.Ordinal)
        && Cache.Contains(" on ", StringComparison.Ordinal) && Organization.Contains("\"Enabled\":true", StringComparison.Ordinal);

    public bool IsClosed => Login.StartsWith("f ", StringComparison.Ordinal) && Place.StartsWith("closed ", StringComparison.Ordinal)
        && Cache.Contains(" off ", StringComparison.Ordinal) && Organization.Contains("\"Enabled\":false", StringComparison.Ordinal);

    private static async Task<string> OneAsync(string admin, string database, string key, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { Database = database, Pooling = false }.ConnectionString);
        return await connection.QuerySingleAsync<string>(sql, new { key });
    }

    private static async Task<string> UserAsync(string address, string user)
    {
        using var redis = await ConnectionMultiplexer.ConnectAsync(string.Create(CultureInfo.InvariantCulture, $"{address},abortConnect=false,allowAdmin=true,connectRetry=20"));
        return ((string[])(await redis.GetDatabase().ExecuteAsync("ACL", "LIST"))!).Single(line => line.StartsWith($"user {user} ", StringComparison.Ordinal));
    }
}
