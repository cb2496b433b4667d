using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Moves;

/// <summary>A site with tenants that have rows, and one process.</summary>
internal sealed class MoveSite : IAsyncDisposable
{
    private readonly IHost host;

    private MoveSite(Site site, IHost host) => (Site, this.host) = (site, host);

    public Site Site { get; }

    public static async Task<MoveSite> StartAsync(params SiteServer[] servers)
    {
        var site = await (await World.SharedAsync()).NewSiteAsync(servers);
        return new(site, await ProvisioningHost.StartAsync(site.Configuration()));
    }

    /// <summary>Adds users, each with documents, where the tenant is routed.</summary>
    public async Task FillAsync(TenantId tenant, int users, int documents)
    {
        await using var place = await OpenAsync(tenant);
        await SampleRows.FillAsync(place, tenant, users, documents);
    }

    /// <summary>Deletes all documents where the tenant is routed.</summary>
    public async Task DeleteDocumentsAsync(TenantId tenant)
    {
        await using var place = await OpenAsync(tenant);
        await SampleRows.DeleteDocumentsAsync(place, tenant);
    }

    /// <summary>A digest of the tenant's rows where it is routed.</summary>
    public async Task<string> RowsAsync(TenantId tenant)
    {
        await using var place = await OpenAsync(tenant);
        return await SampleRows.DigestAsync(place, tenant);
    }

    public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    /// <summary>Where the tenant is routed, as <c>tier server plan</c>, with the mode and epoch of that place if they are not as they should be.</summary>
    public async Task<string> WhereAsync(TenantId tenant)
    {
        var (where, epoch) = await CurrentAsync(tenant);
        await using var place = await OpenAsync(tenant);
        var mode = await place.ExecuteScalarAsync<string>("select mode || ' ' || epoch from saga.place where tenant_id = @Value", new { tenant.Value });
        return mode == $"open {epoch}" ? where : $"{where}, {mode} instead of open {epoch}";
    }

    public async ValueTask DisposeAsync() => await ProvisioningHost.EndAsync(host);

    private async Task<(string Where, string Epoch)> CurrentAsync(TenantId tenant)
    {
        await using var connection = await Site.Registry.OpenConnectionAsync();
        return await connection.QuerySingleAsync<(string, string)>(
            "select concat_ws(' ', p.tier, server, t.plan, case when t.tier <> p.tier then 'but shown as ' || t.tier end), epoch::text from placements p join tenants t on t.id = tenant_id where t.id = @Value and state = 'current'",
            new { tenant.Value });
    }

    // As a superuser, whom no policy stops.
    private async Task<NpgsqlConnection> OpenAsync(TenantId tenant)
    {
        string server, database, schema;
        await using (var registry = await Site.Registry.OpenConnectionAsync())
        {
            (server, database, schema) = await registry.QuerySingleAsync<(string, string, string)>(
                "select server, database, schema from placements where tenant_id = @Value and state = 'current'", new { tenant.Value });
        }

        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Site.Servers.Single(s => s.Name == server).ConnectionString)
        {
            Database = database, SearchPath = schema, Pooling = false,
        }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
