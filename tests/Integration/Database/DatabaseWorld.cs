using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Tenancy.Connections;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Configuration;
using Saga.Workers.Database;
using Saga.Workers.Reservation;
using Saga.Workers.Runtime;
using Saga.Workers;

namespace Saga.Tests.Integration.Database;

/// <summary>A separate registry, and workers on the shared PostgreSQL server, registered like in a host.</summary>
internal sealed class DatabaseWorld : IAsyncDisposable
{
    private readonly ServiceProvider provider;
    private int count;

    private DatabaseWorld(NpgsqlDataSource registry, string admin, ServiceProvider provider)
    {
        Registry = registry;
        Admin = admin;
        this.provider = provider;
    }

    public NpgsqlDataSource Registry { get; }

    /// <summary>The superuser's connection string.</summary>
    public string Admin { get; }

    public TenantConnections Connections => Get<TenantConnections>();

    /// <param name="registry">The registry; a new one when null.</param>
    /// <param name="change">Registrations that come first.</param>
    /// <param name="server">A superuser's connection string to the server; the shared one when null.</param>
    /// <param name="workers">The workers' connection string to it; the provisioner's when null.</param>
    /// <param name="further">Further workers.</param>
    /// <param name="settings">Configuration on top of what is needed.</param>
    public static async Task<DatabaseWorld> CreateAsync(
        NpgsqlDataSource? registry = null, Action<IServiceCollection>? change = null, string? server = null, string? workers = null,
        Action<IServiceCollection, IConfiguration>? further = null, params (string Key, string Value)[] settings)
    {
        registry ??= await PostgresServer.NewRegistryAsync();
        var admin = server ?? await PostgresServer.AdminConnectionStringAsync();
        workers ??= TestProvisioner.On(admin);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
            [
                new("Saga:Registry:ConnectionString", "Host=unused"),
                new("Saga:Sealing:ActiveKey", "k1"),
                new("Saga:Sealing:MasterKeys:k1", SealingFixture.First),
                new("Saga:Runtime:Keys:r1", RuntimeLogin.Key),
                new("Saga:Runtime:Registry:ConnectionString", RuntimeLogin.On(registry.ConnectionString)),
                new("Saga:Databases:Servers:main:ConnectionString", workers),
            ])
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create<string, string?>(s.Key, s.Value)))
            .Build();
        var services = new ServiceCollection().AddLogging();
        change?.Invoke(services);
        services.AddVerificationsOf<DatabaseModule>(configuration).AddResource<DatabaseModule>(configuration).AddResource<ReservationModule>(configuration)
            .AddResource<ConfigurationModule>(configuration);
        further?.Invoke(services, configuration);
        services.AddSingleton(registry);
        var world = new DatabaseWorld(registry, admin, services.BuildServiceProvider());
        foreach (var starting in world.provider.GetServices<IHostedService>().OfType<IHostedLifecycleService>())
            await starting.StartingAsync(default);
        return world;
    }

    public T Get<T>()
        where T : notnull => provider.GetRequiredService<T>();

    public IStep Step(string name) => provider.GetServices<IStep>().Single(s => s.Name == name);

    public Task<SeededTenant> TenantAsync(IsolationTier tier, string? plan = null, string? region = null) => Seed.TenantAsync(
        Registry, $"tenant-{Interlocked.Increment(ref count)}", plan ?? "custom", tier, region: region);

    public async Task<object?> ExecuteAsync(SeededTenant tenant, string step) =>
        await Step(step).ExecuteAsync(await tenant.BeginAsync(step), default);

    public async Task CompensateAsync(SeededTenant tenant, string step) =>
        await Step(step).CompensateAsync(await tenant.BeginAsync(step), default);

    /// <summary>A tenant that is reserved, created and migrated.</summary>
    public async Task<SeededTenant> ReadyAsync(IsolationTier tier, string? plan = null)
    {
        var tenant = await TenantAsync(tier, plan);
        foreach (var step in (string[])[StepNames.Reserve, StepNames.Database, StepNames.Migrate])
            await ExecuteAsync(tenant, step);
        return tenant;
    }

    public async Task CompensateAllAsync(SeededTenant tenant)
    {
        foreach (var step in (string[])[StepNames.Migrate, StepNames.Database, StepNames.Reserve])
            await CompensateAsync(tenant, step);
    }

    /// <summary>Adds a user in a session of the tenant's own login, and optionally a document of that user.</summary>
    public async Task AddUserAsync(SeededTenant tenant, bool withDocument = false)
    {
        await using var session = await Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("insert into users (email, display_name) values ('a@acme.com', 'A')");
        if (withDocument)
            await session.Connection.ExecuteAsync("insert into documents (title, author_id) select 'One', id from users");
        await session.CommitAsync(default);
    }

    /// <summary>What the server still has of the tenant: roles, database, schema, rows. Empty when nothing is left.</summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync(TenantId tenant, Placement placement)
    {
        var left = new List<string>();
        var prefix = $"t_{tenant.Compact}";
        left.AddRange(await AdminQueryAsync<string>("postgres", $"select 'role ' || rolname from pg_roles where starts_with(rolname, '{prefix}')"));
        left.AddRange(await AdminQueryAsync<string>("postgres", $"select 'database ' || datname from pg_database where datname = 'tenant_{tenant.Compact}'"));
        if ((await AdminQueryAsync<bool>("postgres", $"select true from pg_database where datname = '{placement.Database}'")).Count == 0)
            return left;
        left.AddRange(await AdminQueryAsync<string>(placement.Database, $"select 'schema ' || nspname from pg_namespace where nspname = '{prefix}'"));
        foreach (var table in await AdminQueryAsync<string>(
            placement.Database,
            $"select format('%I.%I', table_schema, table_name) from information_schema.columns where column_name = 'tenant_id' and table_schema in ('product', 'saga', '{prefix}')"))
        {
            left.AddRange(await AdminQueryAsync<string>(placement.Database, $"select 'row of {table}' from {table} where tenant_id = '{tenant}'"));
        }

        return left;
    }

    public async Task<IReadOnlyList<T>> AdminQueryAsync<T>(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Admin) { Database = database, Pooling = false }.ConnectionString);
        return [.. await connection.QueryAsync<T>(sql)];
    }

    public async Task<T> RegistryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        return (await connection.QuerySingleAsync<T>(sql, parameters))!;
    }

    public async ValueTask DisposeAsync()
    {
        await provider.DisposeAsync();
        await Registry.DisposeAsync();
    }
}
