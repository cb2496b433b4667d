using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Fleet;

/// <summary>
/// A site with a product of its own, whose second version adds a rule that some rows break, and a tenant <c>bolt</c> in the tier schema and one
/// <c>dune</c> in the tier database. People call it over HTTP.
/// </summary>
internal sealed class FleetSite : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly DirectoryInfo folder;
    private readonly Site site;
    private readonly SiteApi api;
    private IHost host;

    private FleetSite(DirectoryInfo folder, Site site, IHost host, SiteApi api) => (this.folder, this.site, this.host, this.api) = (folder, site, host, api);

    public SiteApi Api => api;

    public static async Task<FleetSite> StartAsync()
    {
        var product = Directory.CreateTempSubdirectory("saga-test-fleet-");
        await WriteAsync(product, "0001_notes.sql", "create table notes (tenant_id uuid not null default saga.current_tenant(), id int not null, words text not null, primary key (tenant_id, id));");
        var server = await World.NewPostgresAsync();
        var made = await (await World.SharedAsync()).NewSiteAsync(new SiteServer("main", server.ConnectionString("postgres")));
        made.Settings["Saga:Product:Migrations"] = product.FullName;
        var fleet = new FleetSite(product, made, await ProvisioningHost.StartAsync(made.Configuration()), await SiteApi.StartAsync(made));
        await fleet.TenantAsync("bolt", "premium", "schema");
        await fleet.TenantAsync("dune", "enterprise", "database");
        return fleet;
    }

    /// <summary>Every process gets the product's second version.</summary>
    public async Task ReleaseAsync()
    {
        await ProvisioningHost.EndAsync(host);
        await WriteAsync(folder, "0002_short.sql", "alter table notes add column stars int not null default 3; alter table notes add constraint short check (length(words) < 20);");
        host = await ProvisioningHost.StartAsync(site.Configuration());
        await Until.TrueAsync(async () => (await api.GetAsync("/api/v1/fleet/versions")).GetProperty("newest").GetInt32() == 2, "the second version is released", Patience);
    }

    /// <summary>Prepares a batch.</summary>
    /// <returns>Its address.</returns>
    public async Task<string> PrepareAsync(object body)
    {
        using var prepared = await api.Http.PostAsJsonAsync("/api/v1/fleet/upgrades", body);
        prepared.StatusCode.ShouldBe(HttpStatusCode.Created, await prepared.Content.ReadAsStringAsync());
        return prepared.Headers.Location!.ToString();
    }

    /// <summary>Waits until the batch has the state.</summary>
    public async Task<JsonElement> UntilAsync(string batch, string state)
    {
        var last = default(JsonElement);
        await Until.TrueAsync(async () => (last = await api.GetAsync(batch)).GetProperty("state").GetString() == state, $"the batch is {state}", Patience);
        return last;
    }

    /// <summary>The batch's items, as <c>slug rehearsal state code</c>.</summary>
    public async Task<string> ItemsAsync(string batch)
    {
        var items = new List<string>();
        foreach (var item in (await api.GetAsync($"{batch}/items")).GetProperty("items").EnumerateArray())
        {
            var tenant = await api.GetAsync($"/api/v1/tenants/{item.GetProperty("tenantId").GetString()}");
            items.Add(string.Join(
                ' ',
                (string?[])[
                    tenant.GetProperty("slug").GetString(), item.TryGetProperty("rehearsal", out var rehearsal) ? rehearsal.ToString() : "-", item.GetProperty("state").GetString(),
                    item.TryGetProperty("failure", out var failure) ? failure.GetProperty("code").GetString() : "-"]));
        }

        return string.Join(", ", items);
    }

    /// <summary>Runs SQL in the tenant's place, as a superuser whom no policy stops.</summary>
    public async Task<string?> InAsync(string slug, string sql)
    {
        var (database, schema, tenant) = await PlaceAsync(slug);
        await using var inside = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(site.Servers[0].ConnectionString) { Database = database, SearchPath = schema, Pooling = false }.ConnectionString);
        return await inside.ExecuteScalarAsync<string?>(sql, new { tenant });
    }

    /// <summary>How many databases of restores the server has.</summary>
    public async Task<long> CopiesAsync()
    {
        await using var inside = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(site.Servers[0].ConnectionString) { Pooling = false }.ConnectionString);
        return await inside.ExecuteScalarAsync<long>("select count(*) from pg_database where datname like 'restored\\_%'");
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        await ProvisioningHost.EndAsync(host);
        folder.Delete(recursive: true);
    }

    private static Task WriteAsync(DirectoryInfo product, string name, string text) => File.WriteAllTextAsync(Path.Combine(product.FullName, name), text);

    private async Task TenantAsync(string slug, string plan, string tier)
    {
        await api.EndedAsync("/api/v1/tenants", new { name = slug, slug, plan, adminEmail = $"ada@{slug}.example" });
        (await api.GetAsync($"/api/v1/tenants/{slug}")).GetProperty("isolation").GetString().ShouldBe(tier);
        await InAsync(slug, "insert into notes (tenant_id, id, words) select @tenant, i, 'note ' || i from generate_series(1, 3) i");
    }

    private async Task<(string Database, string Schema, Guid Tenant)> PlaceAsync(string slug)
    {
        await using var registry = await site.Registry.OpenConnectionAsync();
        return await registry.QuerySingleAsync<(string, string, Guid)>(
            "select p.database, p.schema, t.id from placements p join tenants t on t.id = p.tenant_id where t.slug = @slug and p.state = 'current'", new { slug });
    }
}
