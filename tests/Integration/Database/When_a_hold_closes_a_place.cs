using System.Data;
using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Holds;
using Saga.Tenancy.Connections;
using Saga.Tests.Support;
using Saga.Workers.Database.Place;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_a_hold_closes_a_place
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [InlineData(HoldEffect.Closed, "closed")]
    [InlineData(HoldEffect.Away, "closed")]
    [InlineData(HoldEffect.ReadOnly, "readOnly")]
    [InlineData(HoldEffect.NoGrowth, "open")]
    public async Task Should_have_the_mode_of_the_effect(HoldEffect effect, string mode)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);

        await HoldAsync(world, tenant, HoldCode.Other, effect);
        (await ModeAsync(world, tenant)).ShouldBe(mode);

        await LiftAsync(world, tenant, HoldCode.Other);
        (await ModeAsync(world, tenant)).ShouldBe("open");
        (await world.RegistryAsync<long>("select count(*) from place_modes")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_stay_closed_until_the_last_hold_is_lifted()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        await HoldAsync(world, tenant, HoldCode.Abuse, HoldEffect.Closed);
        await HoldAsync(world, tenant, HoldCode.Request, HoldEffect.ReadOnly);
        (await ModeAsync(world, tenant)).ShouldBe("closed");

        await LiftAsync(world, tenant, HoldCode.Abuse);
        (await ModeAsync(world, tenant)).ShouldBe("readOnly");
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_end_a_transaction_that_began_before(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);
        await using var direct = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false }.ConnectionString);
        await direct.OpenAsync();
        await direct.ExecuteAsync("select set_config('app.tenant_id', @Id, false)", new { Id = tenant.Id.ToString() });
        await using var transaction = await direct.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await direct.ExecuteScalarAsync<long>("select count(*) from users", transaction: transaction);

        await HoldAsync(world, tenant, HoldCode.Other, HoldEffect.Closed);

        await Should.ThrowAsync<NpgsqlException>(() => direct.ExecuteAsync("insert into users (email, display_name) values ('a@acme.com', 'A')", transaction: transaction));
        (await Should.ThrowAsync<PostgresException>(() => world.Connections.OpenAsync(tenant.Id, default))).SqlState.ShouldBe(PlaceStates.Closed);
    }

    [Fact]
    public async Task Should_write_again_what_a_killed_writer_began()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        // It closed the place and died before it recorded that; the hold was lifted since.
        await using (var begun = world.Registry.CreateCommand(
            $"insert into place_modes (tenant_id, server, database, token) values ('{tenant.Id}', 'main', 'saga_rows', gen_random_uuid())"))
        {
            await begun.ExecuteNonQueryAsync();
        }

        await world.AdminQueryAsync<string>("saga_rows", $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}'");
        await WriteAsync(world);

        (await ModeAsync(world, tenant)).ShouldBe("open");
    }

    private static async Task<SeededTenant> ActiveAsync(DatabaseWorld world, IsolationTier tier)
    {
        var tenant = await world.ReadyAsync(tier);
        await using var activate = world.Registry.CreateCommand(
            $"update placements set state = 'current' where tenant_id = '{tenant.Id}'; update tenants set status = 'active' where id = '{tenant.Id}'");
        await activate.ExecuteNonQueryAsync();
        return tenant;
    }

    private static async Task HoldAsync(DatabaseWorld world, SeededTenant tenant, HoldCode code, HoldEffect effect)
    {
        await new HoldStore(world.Registry).SetAsync(tenant.Id, code, effect, "tests", "For the test.", default);
        await WriteAsync(world);
    }

    private static async Task LiftAsync(DatabaseWorld world, SeededTenant tenant, HoldCode code)
    {
        await new HoldStore(world.Registry).LiftAsync(tenant.Id, code, "tests", "For the test.", default);
        await WriteAsync(world);
    }

    private static async Task WriteAsync(DatabaseWorld world) => (await world.Get<PlaceModes>().WriteDueAsync(default)).ShouldBeNull();

    private static async Task<string> ModeAsync(DatabaseWorld world, SeededTenant tenant) => (await world.AdminQueryAsync<string>(
        (await tenant.ReadAsync()).Placement!.Database, $"select mode from saga.place where tenant_id = '{tenant.Id}'")).ShouldHaveSingleItem();
}
