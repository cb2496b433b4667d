using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>The steps of the database run for a second placement of an active tenant.</summary>
public sealed class When_a_tenant_has_two_databases
{
    [Fact]
    public async Task Should_sign_in_to_each_with_its_own_login()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world);
        var former = await SignedInAsync(world, tenant);
        var beside = await tenant.BesideAsync("main", IsolationTier.Database);

        await RunAsync(world, tenant, beside, StepNames.Database, StepNames.Migrate);

        (await SignedInAsync(world, tenant)).ShouldBe(former, "it is not routed there yet");
        var lease = (await tenant.BeginAsync("move")).Lease;
        (await new PlacementStore(world.Registry, new LeasedTransactions(world.Registry, new RegistryClock())).SwitchAsync(lease, tenant.Id, 1, beside.Id, default)).ShouldBe(SwitchOutcome.Switched);
        (await SignedInAsync(world, tenant)).ShouldBe($"{beside.Login} in {beside.Place.Database}");
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(4);
    }

    [Fact]
    public async Task Should_undo_one_only()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world);
        var former = await SignedInAsync(world, tenant);
        var beside = await tenant.BesideAsync("main", IsolationTier.Database);
        await RunAsync(world, tenant, beside, StepNames.Database, StepNames.Migrate);

        foreach (var step in (string[])[StepNames.Migrate, StepNames.Database])
            await world.Step(step).CompensateAsync(await ContextAsync(tenant, beside, step), default);

        (await world.RegistryAsync<string>("select string_agg(placement_id::text, ' ') from tenant_credentials")).ShouldBe(tenant.Id.ToString());
        (await world.RegistryAsync<string>("select string_agg(distinct placement_id::text, ' ') from tenant_migrations")).ShouldBe(tenant.Id.ToString());
        (await SignedInAsync(world, tenant)).ShouldBe(former);
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(4);
        (await world.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = '{beside.Place.Database}'")).ShouldBeEmpty();
    }

    private static async Task<SeededTenant> ActiveAsync(DatabaseWorld world)
    {
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        await world.Registry.ExecuteAsync(
            "update placements set state = 'current' where tenant_id = @Value; update tenants set status = 'active' where id = @Value", new { tenant.Id.Value });
        return tenant;
    }

    private static async Task RunAsync(DatabaseWorld world, SeededTenant tenant, TenantPlacement placement, params string[] steps)
    {
        foreach (var step in steps)
            await world.Step(step).ExecuteAsync(await ContextAsync(tenant, placement, step), default);
    }

    private static async Task<StepContext> ContextAsync(SeededTenant tenant, TenantPlacement placement, string step)
    {
        var context = await tenant.BeginAsync(step);
        return new StepContext(context.Tenant with { Placed = placement }, context.OperationId, step, 1, context.Lease).With(context.Inputs);
    }

    // Not a session of the runtime, because the place's epoch follows the switch a moment later.
    private static async Task<string> SignedInAsync(DatabaseWorld world, SeededTenant tenant)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false }.ConnectionString);
        return (await connection.ExecuteScalarAsync<string>("select session_user || ' in ' || current_database()"))!;
    }
}
