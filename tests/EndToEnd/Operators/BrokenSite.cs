using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Xunit;

namespace Saga.Tests.EndToEnd.Operators;

/// <summary>A site with three database servers, of which one has room for a single tenant, and what tests break of it.</summary>
public sealed class BrokenSite : IAsyncLifetime
{
    public const string Main = "main";
    public const string Small = "small";
    public const string Spare = "spare";
    private S3Front front = null!;
    private IHost host = null!;

    internal Site Site { get; private set; } = null!;

    internal SiteApi Api { get; private set; } = null!;

    /// <summary>Called before each step, with the number of the call for the tenant. Throws to fail it.</summary>
    internal Action<StepContext, int>? BeforeStep { get; set; }

    /// <summary>The tenants whose objects nobody may write.</summary>
    internal HashSet<string> Forbidden { get; } = new(StringComparer.Ordinal);

    public async ValueTask InitializeAsync()
    {
        var world = await World.SharedAsync();
        var (small, spare) = (await World.NewPostgresAsync(), await World.NewPostgresAsync());
        Site = await world.NewSiteAsync(
            new SiteServer(Main, world.Postgres.ConnectionString("postgres")), new SiteServer(Small, small.ConnectionString("postgres"), MaxTenants: 1),
            new SiteServer(Spare, spare.ConnectionString("postgres"), MaxTenants: 10));
        front = await S3Front.StartAsync(world.S3.Url, (request, _) => request.Method == "PUT" && Forbidden.Any(request.Path.Value!.Contains) ? S3Front.Error(403, "AccessDenied") : null);
        Site.Settings["Saga:Storage:S3:ServiceUrl"] = front.Url;
        Site.Settings["Saga:Credentials:DrainSeconds"] = "2";
        host = await ProvisioningHost.StartAsync(Site.Configuration(), new StepFaults { Before = (context, call) => BeforeStep?.Invoke(context, call) });
        Api = await SiteApi.StartAsync(Site);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await ProvisioningHost.EndAsync(host);
        await front.DisposeAsync();
    }

    internal async Task<T?> RegistryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    /// <summary>As a superuser on a database server, like a person who works there by hand.</summary>
    internal async Task ExecuteAsync(string server, string sql)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(Site.Servers.Single(s => s.Name == server).ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await connection.ExecuteAsync(sql);
    }

    internal async Task<TenantId> TenantAsync(string slug) => new(await RegistryAsync<Guid>("select id from tenants where slug = @slug order by created_at desc limit 1", new { slug }));
}
