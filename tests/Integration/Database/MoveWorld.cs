using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Host.Embedded;
using Saga.Registry.Placements;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>Two database servers with a product that has columns of every kind.</summary>
public sealed class MoveServers : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("saga-test-product-");

    public PrivatePostgres Main { get; private set; } = null!;

    public PrivatePostgres Other { get; private set; } = null!;

    public string Product => folder.FullName;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Product, "0001_kinds.sql"),
            """
            -- saga: reference
            create table currencies (code text primary key, name text not null);
            insert into currencies values ('EUR', 'Euro'), ('USD', 'Dollar');
            create sequence numbers;
            create table parents (
                tenant_id uuid not null default saga.current_tenant(), id bigint generated always as identity, name text not null, currency text not null references currencies,
                primary key (tenant_id, id));
            create type mood as enum ('good', 'bad');
            create type size as (width int, height int);
            create table typed (
                tenant_id uuid not null default saga.current_tenant(), id int not null, one mood, several mood[], extent size, line text, primary key (tenant_id, id));
            create table kinds (
                tenant_id uuid not null default saga.current_tenant(), id int not null, number bigint not null default nextval('numbers'), parent bigint,
                small smallint, whole int, amount numeric(20, 6), ratio double precision, flag boolean, note text, short varchar(10), fixed char(4), at timestamptz, local timestamp,
                day date, clock time, span interval, plain json, doc jsonb, raw bytea, tags text[], grid int[], doubled int generated always as (whole * 2) stored, net inet, reach int4range,
                primary key (tenant_id, id), foreign key (tenant_id, parent) references parents (tenant_id, id));
            """);
        (Main, Other) = (await World.NewPostgresAsync("max_prepared_transactions=2"), await World.NewPostgresAsync());
    }

    public ValueTask DisposeAsync()
    {
        folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Workers on both servers, and what tests of moves do.</summary>
internal static class MoveWorld
{
    public static readonly string[] Steps =
    [
        StepNames.ReserveMove, StepNames.CreateMove, StepNames.LockPlace, StepNames.CopyRows, StepNames.CompareRows, StepNames.TakeAway, StepNames.Switch, StepNames.OpenMoved,
    ];

    public static Task<DatabaseWorld> CreateAsync(MoveServers servers) => DatabaseWorld.CreateAsync(
        server: servers.Main.ConnectionString("postgres"),
        settings: [("Saga:Product:Migrations", servers.Product), ("Saga:Databases:Servers:other:ConnectionString", TestProvisioner.On(servers.Other.ConnectionString("postgres")))]);

    public static readonly string[] Back = [StepNames.BeginRevert, StepNames.LockPlace, StepNames.CompareCopy, StepNames.TakeAway, StepNames.SwitchBack, StepNames.OpenReverted, StepNames.DropReverted];

    /// <summary>An active tenant with rows, whose operation moves it.</summary>
    public static async Task<SeededTenant> ActiveAsync(DatabaseWorld world, IsolationTier tier, IsolationTier to, string? server = null, bool preserveData = true, int rows = 20)
    {
        await Seed.ServerAsync(world.Registry, "other");
        var tenant = await world.TenantAsync(tier);
        await world.Registry.ExecuteAsync("update database_servers set accepting = name = 'main'");
        foreach (var step in (string[])[StepNames.Reserve, StepNames.Database, StepNames.Migrate])
            await world.ExecuteAsync(tenant, step);
        await world.Registry.ExecuteAsync(
            """
            update database_servers set accepting = true;
            update placements set state = 'current' where tenant_id = @Value and state = 'building';
            update tenants set status = 'active' where id = @Value;
            update operations set input = @Input::jsonb where id = @OperationId
            """,
            new
            {
                tenant.Id.Value, tenant.OperationId,
                Input = Input(tenant, to, server, preserveData),
            });
        await FillAsync(world, tenant, rows);
        return tenant;
    }

    /// <summary>Begins another move in the tenant's operation.</summary>
    public static Task AgainAsync(DatabaseWorld world, SeededTenant tenant, IsolationTier to, string? server = null) => world.Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId; delete from operation_steps where operation_id = @OperationId",
        new { tenant.OperationId, Input = Input(tenant, to, server, preserveData: true) });

    private static string Input(SeededTenant tenant, IsolationTier to, string? server, bool preserveData) => JsonSerializer.Serialize(
        new MigrateTenant { TenantId = tenant.Id, Isolation = to.ToString().ToLowerInvariant(), Server = server, MigrationOptions = new() { Downtime = true, PreserveData = preserveData } }, Contracts.Json.Options);

    public static async Task FillAsync(DatabaseWorld world, SeededTenant tenant, int rows)
    {
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync(
            """
            insert into parents (name, currency) select 'p' || i, 'EUR' from generate_series(1, 3) i;
            insert into kinds (id, parent, small, whole, amount, ratio, flag, note, short, fixed, at, local, day, clock, span, plain, doc, raw, tags, grid, net, reach)
            select i, (select min(id) from parents), i % 100, i, i / 7.0, i / 3.0, i % 2 = 0, 'ä ' || i, 's' || i % 10, 'f', '2026-01-01Z'::timestamptz + i * interval '1 s', '2026-01-01', '2026-01-01', '12:00', '1 day 2 s',
                '{"b": 1,  "a": [null]}', '{"b": 1, "a": [null]}', '\x00ff', array['x', null, 'y,"z'], array[[1, 2], [3, null]], '10.0.0.1/8', '[1,5)'
            from generate_series(1, @rows) i;
            insert into kinds (id) values (0);
            insert into typed (id, one, several, extent, line) select i, 'good', '{good,bad}', (i, null)::size, E'tab\t newline\n backslash \\ \\N' from generate_series(1, 3) i;
            insert into typed (id) values (0);
            """,
            new { rows }, commandTimeout: 120);
        await session.CommitAsync(default);
    }

    /// <summary>A database on the other server with the rows of the tenant, as the product had them before it had tenants.</summary>
    public static async Task<OldDatabase> SourceAsync(MoveServers servers, SeededTenant tenant)
    {
        var (name, admin) = ($"old_{Guid.NewGuid():n}"[..20], servers.Other.ConnectionString("postgres"));
        await using (var postgres = new NpgsqlConnection(admin))
            await postgres.ExecuteAsync($"create database {name}");
        var product = (await File.ReadAllTextAsync(Path.Combine(servers.Product, "0001_kinds.sql")))
            .Replace("tenant_id uuid not null default saga.current_tenant(), ", "", StringComparison.Ordinal).Replace("(tenant_id, ", "(", StringComparison.Ordinal);
        await using var source = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { Database = name, Pooling = false }.ConnectionString);
        await source.OpenAsync();
        await source.ExecuteAsync($"create schema shop; set search_path = shop; {product}");
        await using var from = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(servers.Main.ConnectionString("postgres")) { Database = "saga_rows", Pooling = false }.ConnectionString);
        await from.OpenAsync();
        foreach (var table in (string[])["parents", "kinds", "typed"])
        {
            var columns = string.Join(", ", await source.QueryAsync<string>($"select attname::text from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and attgenerated = '' order by attnum"));
            using var read = await from.BeginTextExportAsync($"copy (select {columns} from product.{table} where tenant_id = '{tenant.Id}' order by id) to stdout");
            await using var write = await source.BeginTextImportAsync($"copy {table} ({columns}) from stdin");
            await write.WriteAsync(await read.ReadToEndAsync());
        }

        await source.ExecuteAsync(
            "select setval('numbers', 5000); grant usage on schema shop to saga_provisioner; grant select on all tables in schema shop to saga_provisioner; grant select on all sequences in schema shop to saga_provisioner");
        return new(name, "shop", Guid.Empty);
    }

    /// <summary>Runs the step, and stores what it returns for later ones.</summary>
    public static async Task RunAsync(DatabaseWorld world, SeededTenant tenant, string step)
    {
        if (await world.ExecuteAsync(tenant, step) is MoveOutput output)
            await tenant.LeaveAsync(step, output);
    }

    /// <summary>Every row of the tenant as the tenant itself reads it, in one text.</summary>
    public static async Task<string> RowsAsync(DatabaseWorld world, SeededTenant tenant)
    {
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        return (await session.Connection.ExecuteScalarAsync<string>(
            "select (select string_agg(p::text, E'\\n' order by id) from parents p) || E'\\n' || (select string_agg(k::text, E'\\n' order by id) from kinds k) || (select string_agg(y::text, E'\\n' order by id) from typed y)"))!;
    }

    /// <summary>A direct connection with the login of one placement.</summary>
    public static async Task<NpgsqlConnection> SignInAsync(DatabaseWorld world, SeededTenant tenant)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await connection.ExecuteAsync("select set_config('app.tenant_id', @Id, false)", new { Id = tenant.Id.ToString() });
        return connection;
    }
}
