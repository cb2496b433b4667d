using Dapper;
using Npgsql;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>The rows of the tenants of a stored installation. Each has the same number.</summary>
internal static class StoredRows
{
    public const int Users = 3;
    public const int DocumentsEach = 4;

    /// <summary>Opens the place that the tenant is routed to.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(StoredInstallation installation, string slug)
    {
        await using var registry = await installation.Registry.OpenConnectionAsync();
        var (database, schema) = await registry.QuerySingleAsync<(string, string)>(
            "select database, schema from placements p join tenants t on t.id = p.tenant_id where t.slug = @slug and state = 'current'", new { slug });
        return await installation.OpenAsync(database, schema);
    }

    /// <summary>The numbers of its users and documents.</summary>
    public static async Task<string> CountAsync(StoredInstallation installation, string slug)
    {
        var tenant = await installation.ScalarAsync<Guid>("select id from tenants where slug = @slug", new { slug });
        await using var place = await OpenAsync(installation, slug);
        return (await place.ExecuteScalarAsync<string>(
            "select (select count(*) from users where tenant_id = @tenant) || ' ' || (select count(*) from documents where tenant_id = @tenant)", new { tenant }))!;
    }
}
