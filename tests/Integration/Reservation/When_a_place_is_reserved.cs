using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Reservation;

public sealed class When_a_place_is_reserved
{
    private const string Main = "Saga:Databases:Servers:main:";

    [Fact]
    public async Task Should_follow_the_tier()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (row, schema, database) = (
            await world.TenantAsync(IsolationTier.Row), await world.TenantAsync(IsolationTier.Schema), await world.TenantAsync(IsolationTier.Database));

        (await PlaceAsync(world, row)).ShouldBe(new Placement("main", "saga_rows", "product"));
        (await PlaceAsync(world, schema)).ShouldBe(new Placement("main", "saga_schemas_1", $"t_{schema.Id.Compact}"));
        (await PlaceAsync(world, database)).ShouldBe(new Placement("main", $"tenant_{database.Id.Compact}", "product"));
    }

    [Fact]
    public async Task Should_stay_when_it_runs_again_even_on_a_full_server()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: (Main + "MaxTenants", "1"));
        var tenant = await world.TenantAsync(IsolationTier.Database);

        var first = await PlaceAsync(world, tenant);

        (await PlaceAsync(world, tenant)).ShouldBe(first);
    }

    [Fact]
    public async Task Should_take_the_server_with_the_most_room_in_the_region()
    {
        var admin = await PostgresServer.AdminConnectionStringAsync();
        await using var world = await DatabaseWorld.CreateAsync(settings:
        [
            (Main + "Region", "us"), (Main + "MaxTenants", "100"),
            ("Saga:Databases:Servers:eu-1:ConnectionString", admin), ("Saga:Databases:Servers:eu-1:Region", "eu"), ("Saga:Databases:Servers:eu-1:MaxTenants", "2"),
            ("Saga:Databases:Servers:eu-2:ConnectionString", admin), ("Saga:Databases:Servers:eu-2:Region", "eu"), ("Saga:Databases:Servers:eu-2:MaxTenants", "3"),
        ]);

        var servers = new List<string>();
        for (var i = 0; i < 5; i++)
            servers.Add((await PlaceAsync(world, await world.TenantAsync(IsolationTier.Row, region: "eu"))).Server);

        servers.ShouldBe(["eu-2", "eu-1", "eu-2", "eu-1", "eu-2"]);
        (await PlaceAsync(world, await world.TenantAsync(IsolationTier.Row))).Server.ShouldBe("main");
        var failure = await FailureAsync(world, await world.TenantAsync(IsolationTier.Row, region: "eu"));
        (failure.Code, failure.Transient).ShouldBe(("server-full", false));
        failure.Message.ShouldContain("'eu-1' holds 2 of 2 tenants, 'eu-2' holds 3 of 3 tenants");
        (await FailureAsync(world, await world.TenantAsync(IsolationTier.Row, region: "mars"))).Code.ShouldBe("no-server");
    }

    [Fact]
    public async Task Should_spread_schemas_over_databases()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: (Main + "MaxSchemasPerDatabase", "2"));
        var tenants = new List<SeededTenant>();
        for (var i = 0; i < 5; i++)
            tenants.Add(await world.TenantAsync(IsolationTier.Schema));

        var databases = new List<string>();
        foreach (var tenant in tenants)
            databases.Add((await PlaceAsync(world, tenant)).Database);

        databases.ShouldBe(["saga_schemas_1", "saga_schemas_1", "saga_schemas_2", "saga_schemas_2", "saga_schemas_3"]);
        await world.CompensateAsync(tenants[0], StepNames.Reserve);
        (await PlaceAsync(world, await world.TenantAsync(IsolationTier.Schema))).Database.ShouldBe("saga_schemas_1");
    }

    [Fact]
    public async Task Should_give_the_last_places_to_as_many_as_there_are()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: (Main + "MaxTenants", "7"));
        await using var second = await DatabaseWorld.CreateAsync(
            Npgsql.NpgsqlDataSource.Create(new Npgsql.NpgsqlConnectionStringBuilder(world.Admin)
            {
                Database = new Npgsql.NpgsqlConnectionStringBuilder(world.Registry.ConnectionString).Database,
            }.ConnectionString),
            settings: (Main + "MaxTenants", "7"));
        var tenants = new List<SeededTenant>();
        for (var i = 0; i < 30; i++)
            tenants.Add(await world.TenantAsync(IsolationTier.Schema));

        var outcomes = await Task.WhenAll(tenants.Select(async (t, i) =>
        {
            try
            {
                await (i % 2 == 0 ? world : second).ExecuteAsync(t, StepNames.Reserve);
                return "placed";
            }
            catch (StepFailureException e)
            {
                return e.Failure.Code;
            }
        }));

        outcomes.Count(o => o == "placed").ShouldBe(7);
        outcomes.Count(o => o == "server-full").ShouldBe(23);
        (await world.RegistryAsync<long>("select count(*) from placements where state = 'building'")).ShouldBe(7);
    }

    [Fact]
    public async Task Should_pass_by_a_server_that_accepts_no_more()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        await using (var close = world.Registry.CreateCommand("update database_servers set accepting = false"))
            await close.ExecuteNonQueryAsync();

        (await FailureAsync(world, await world.TenantAsync(IsolationTier.Row))).Code.ShouldBe("no-server");
    }

    [Fact]
    public async Task Should_refuse_a_tier_that_the_plan_does_not_allow()
    {
        await using var world = await DatabaseWorld.CreateAsync();

        var failure = await FailureAsync(world, await world.TenantAsync(IsolationTier.Database, "basic"));

        (failure.Code, failure.Transient).ShouldBe(("tier-not-allowed", false));
        failure.Remedy.ShouldBe("Choose one of: row.");
    }

    [Fact]
    public async Task Should_free_names_and_place_when_it_is_undone()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: (Main + "MaxTenants", "1"));
        var tenant = await Seed.TenantAsync(world.Registry, "acme", "custom", IsolationTier.Schema, domain: "acme.com");
        await PlaceAsync(world, tenant);
        await world.Registry.ExecuteAsync("insert into tenant_keys (tenant_id, master_key_id, wrapped) values (@Value, 'k1', '')", new { tenant.Id.Value });

        await world.CompensateAsync(tenant, StepNames.Reserve);
        await world.CompensateAsync(tenant, StepNames.Reserve);

        (await world.RegistryAsync<long>("select count(*) from tenant_keys")).ShouldBe(0, "everything sealed for it is permanently unreadable");
        var again = await Seed.TenantAsync(world.Registry, "acme", "custom", IsolationTier.Schema, domain: "acme.com");
        (await PlaceAsync(world, again)).Database.ShouldBe("saga_schemas_1");
        (await world.RegistryAsync<long>("select count(*) from audit where action = 'tenant.undo'")).ShouldBe(1);
        (await FailureAsync(world, tenant)).Code.ShouldBe("tenant-not-provisioning");
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_is_lost()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Row);
        var stale = await tenant.BeginAsync(StepNames.Reserve);
        await tenant.BeginAsync(StepNames.Reserve);

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.Reserve).ExecuteAsync(stale, default));
        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.Reserve).CompensateAsync(stale, default));

        var untouched = await tenant.ReadAsync();
        (untouched.Placement, untouched.Status).ShouldBe((null, TenantStatus.Provisioning));
    }

    [Fact]
    public async Task Should_keep_an_operators_choice_when_servers_are_registered_again()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: (Main + "PublicHost", "db.example.com"));
        await using (var close = world.Registry.CreateCommand("update database_servers set accepting = false"))
            await close.ExecuteNonQueryAsync();

        await world.Get<Saga.Registry.Placements.PlacementStore>().UpsertServersAsync(
            [new() { Name = "main", Region = "eu", Host = "other", Port = 1, MaxTenants = 5, MaxSchemasPerDatabase = 6 }], default);

        (await world.RegistryAsync<string>("select concat_ws(' ', region, host, port, max_tenants, max_schemas_per_database, accepting) from database_servers"))
            .ShouldBe("eu other 1 5 6 f");
    }

    private static async Task<Placement> PlaceAsync(DatabaseWorld world, SeededTenant tenant)
    {
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        return (await tenant.ReadAsync()).Placement!;
    }

    private static async Task<Saga.Contracts.Steps.Failure> FailureAsync(DatabaseWorld world, SeededTenant tenant) =>
        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Reserve))).Failure;
}
