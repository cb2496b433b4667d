using Dapper;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Revert;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Moves;

/// <summary>A site with tenants that have rows, and a process that may be replaced.</summary>
internal sealed class MoveSite : IAsyncDisposable
{
    private readonly ICommandIntake<MigrateTenant> migrate;
    private readonly ICommandIntake<RevertMove> revert;
    private IHost? host;

    private MoveSite(Site site)
    {
        Site = site;
        var (plans, tenants, placements) = (new PlanStore(site.Registry), new TenantStore(site.Registry), new PlacementStore(site.Registry, new LeasedTransactions(site.Registry, new RegistryClock())));
        migrate = Intakes.Of<MigrateTenant, ValidMigrate, MigratePlan>(site.Registry, new(plans, new ServerRoomStore(site.Registry), tenants, placements));
        revert = Intakes.Of<RevertMove, ValidRevert, RevertPlan>(site.Registry, new(plans, tenants, placements));
    }

    public Site Site { get; }

    public static async Task<MoveSite> StartAsync(StepFaults? faults = null, params SiteServer[] servers)
    {
        var site = new MoveSite(await (await World.SharedAsync()).NewSiteAsync(servers));
        await site.RunAsync(faults);
        return site;
    }

    /// <summary>Starts a process.</summary>
    public async Task RunAsync(StepFaults? faults = null) => host = await ProvisioningHost.StartAsync(Site.Configuration(), faults);

    /// <summary>Ends the process in order.</summary>
    public async Task StopAsync()
    {
        if (host is not null)
            await ProvisioningHost.EndAsync(host);
        host = null;
    }

    /// <summary>Active tenants of plan basic with rows in the shared tables, one for each name.</summary>
    public async Task<IReadOnlyList<TenantId>> ActiveAsync(IEnumerable<string> names)
    {
        var accepted = await Task.WhenAll(names.Select(name => Site.SubmitAsync(Site.NewCommand("basic") with { Name = name })));
        foreach (var one in accepted)
            await EndAsync(one.OperationId, OperationState.Completed);
        IReadOnlyList<TenantId> tenants = [.. accepted.Select(a => a.TenantId!.Value)];
        foreach (var tenant in tenants)
            await FillAsync(tenant, users: 5, documents: 20);
        return tenants;
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

    public Task<Guid> MigrateAsync(MigrateTenant command) => AcceptedAsync(migrate.SubmitAsync(command, Caller.OfToken(Site.Caller), default));

    public Task<Guid> RevertAsync(RevertMove command) => AcceptedAsync(revert.SubmitAsync(command, Caller.OfToken(Site.Caller), default));

    public static MigrateTenant ToPremium(TenantId tenant) =>
        new() { TenantId = tenant, TargetPlan = "premium", Isolation = "schema", MigrationOptions = new() { Downtime = true }, IdempotencyKey = $"move-{tenant}" };

    public static RevertMove Back(TenantId tenant) => new() { TenantId = tenant, IdempotencyKey = $"back-{tenant}" };

    public async Task EndAsync(Guid operation, OperationState expected) =>
        (await Site.EndAsync(operation, TimeSpan.FromSeconds(180))).ShouldBe(expected, await Site.StoryAsync(operation));

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

    public ValueTask DisposeAsync() => new(StopAsync());

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

    private static async Task<Guid> AcceptedAsync(Task<IntakeOutcome> outcome) => await outcome is CommandAccepted accepted
        ? accepted.OperationId
        : throw new InvalidOperationException(((CommandRejected)await outcome).Rejection.Detail);
}
