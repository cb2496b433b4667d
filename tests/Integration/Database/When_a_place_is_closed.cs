using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Connections;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_a_place_is_closed
{
    private static readonly string[] Statements =
    [
        "select * from users", "insert into users (email, display_name) values ('b@acme.com', 'B')", "update users set display_name = 'x'", "delete from users",
    ];

    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_refuse_every_statement_of_a_direct_login(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ReadyAsync(world, tier);
        await SetAsync(world, tenant, "mode = 'closed'");

        await using var direct = await DirectAsync(world, tenant);
        foreach (var statement in Statements)
            (await Should.ThrowAsync<PostgresException>(() => direct.ExecuteAsync(statement))).SqlState.ShouldBe(PlaceStates.Closed, statement);
        (await Should.ThrowAsync<PostgresException>(() => world.Connections.OpenAsync(tenant.Id, default))).SqlState.ShouldBe(PlaceStates.Closed);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_allow_reading_only_while_it_is_read_only(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ReadyAsync(world, tier);
        await SetAsync(world, tenant, "mode = 'readOnly'");

        await using var direct = await DirectAsync(world, tenant);
        (await direct.QueryAsync("select * from users")).Count().ShouldBe(1);
        foreach (var statement in Statements[1..])
            (await Should.ThrowAsync<PostgresException>(() => direct.ExecuteAsync(statement))).SqlState.ShouldBe(PlaceStates.ReadOnly, statement);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_refuse_a_session_that_names_another_epoch(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ReadyAsync(world, tier);
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await SetAsync(world, tenant, "epoch = epoch + 1");

        foreach (var statement in Statements)
        {
            await session.Connection.ExecuteAsync("savepoint before");
            (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync(statement))).SqlState.ShouldBe(PlaceStates.Moved, statement);
            await session.Connection.ExecuteAsync("rollback to before");
        }

        (await Should.ThrowAsync<PostgresException>(() => world.Connections.OpenAsync(tenant.Id, default))).SqlState.ShouldBe(PlaceStates.Moved);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_stay_closed_when_the_steps_run_again(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ReadyAsync(world, tier);
        await SetAsync(world, tenant, "mode = 'closed'");

        await world.ExecuteAsync(tenant, Saga.Contracts.Steps.StepNames.Migrate);

        (await Should.ThrowAsync<PostgresException>(() => world.Connections.OpenAsync(tenant.Id, default))).SqlState.ShouldBe(PlaceStates.Closed);
    }

    private static async Task<SeededTenant> ReadyAsync(DatabaseWorld world, IsolationTier tier)
    {
        var tenant = await world.ReadyAsync(tier);
        await world.AddUserAsync(tenant);
        return tenant;
    }

    private static async Task SetAsync(DatabaseWorld world, SeededTenant tenant, string change) =>
        await world.AdminQueryAsync<string>((await tenant.ReadAsync()).Placement!.Database, $"update saga.place set {change} where tenant_id = '{tenant.Id}'");

    private static async Task<NpgsqlConnection> DirectAsync(DatabaseWorld world, SeededTenant tenant)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await connection.ExecuteAsync("select set_config('app.tenant_id', @Id, false)", new { Id = tenant.Id.ToString() });
        return connection;
    }
}
