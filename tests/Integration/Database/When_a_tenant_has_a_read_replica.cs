using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
[Collection("replicated")]
public sealed class When_a_tenant_has_a_read_replica(ReplicatedServer server)
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_read_its_own_rows_there_and_write_nowhere(IsolationTier tier)
    {
        await using var world = await server.WorldAsync();
        var (tenant, other) = (await ReplicatedServer.ActiveAsync(world, tier), await ReplicatedServer.ActiveAsync(world, tier));
        await using (var session = await world.Connections.OpenAsync(other.Id, default))
        {
            await session.Connection.ExecuteAsync("insert into users (email, display_name) values ('b@acme.com', 'B')");
            await session.CommitAsync(default);
        }

        await world.ExecuteAsync(tenant, StepNames.CreateReplica);

        await ReplicatedServer.ReadsAsync(world, tenant, 1);
        await ReplicatedServer.ReadsAsync(world, other, 2);
        await using (var session = await world.Connections.OpenReadOnlyAsync(tenant.Id, default))
            (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync("delete from users"))).SqlState.ShouldBe(PostgresErrorCodes.ReadOnlySqlTransaction);
        await using (var direct = await SignInAsync(world, tenant, server.Primary.Port))
        {
            // The server is no replica, and the login may change its own setting: the rights are what counts.
            await direct.ExecuteAsync("set default_transaction_read_only = off");
            await direct.ExecuteAsync($"select set_config('app.tenant_id', '{tenant.Id}', false)");
            (await direct.ExecuteScalarAsync<long>("select count(*) from users")).ShouldBe(1);
            (await Should.ThrowAsync<PostgresException>(() => direct.ExecuteAsync("insert into users (email, display_name) values ('b@acme.com', 'B')"))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
            await direct.ExecuteAsync($"select set_config('app.tenant_id', '{other.Id}', false)");
            (await direct.ExecuteScalarAsync<long>("select count(*) from users")).ShouldBe(0, "the login is one tenant's");
        }

        await VerifyAsync(world, tenant);
        await using var watched = await world.Get<DatabaseServers>().OpenAsync("main", DatabaseServers.Maintenance, default);
        (await LoginSettings.ResetOwnAsync(watched, default)).ShouldNotContain(c => c.Role.StartsWith($"t_{tenant.Id.Compact}", StringComparison.Ordinal), "what is ours stays");
    }

    [Fact]
    public async Task Should_read_in_its_own_place_without_one()
    {
        await using var world = await server.WorldAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await world.AddUserAsync(tenant);

        await using var session = await world.Connections.OpenReadOnlyAsync(tenant.Id, default);

        (await session.Connection.QuerySingleAsync<(bool, long)>("select pg_is_in_recovery(), (select count(*) from users)")).ShouldBe((false, 1));
        (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync("delete from users"))).SqlState.ShouldBe(PostgresErrorCodes.ReadOnlySqlTransaction);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_let_nobody_in_there_while_it_is_suspended(IsolationTier tier)
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, tier);
        await using var open = await SignInAsync(world, tenant, server.Replica.Port);

        await world.ExecuteAsync(tenant, StepNames.BarLogin);

        await Should.ThrowAsync<NpgsqlException>(() => open.ExecuteScalarAsync("select 1"));
        (await Should.ThrowAsync<PostgresException>(() => SignInAsync(world, tenant, server.Replica.Port))).SqlState.ShouldBe(PostgresErrorCodes.InvalidAuthorizationSpecification);

        await world.ExecuteAsync(tenant, StepNames.AdmitLogin);
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
        await VerifyAsync(world, tenant);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_change_its_login_in_a_rotation(IsolationTier tier)
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, tier);
        await InputAsync(world, tenant, new RotateCredentials { TenantId = tenant.Id, What = ["database"] });
        var (first, former) = (await LoginAsync(world, tenant), await SignInAsync(world, tenant, server.Replica.Port));

        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        (await LoginAsync(world, tenant)).ShouldBe(first, "runtimes do not see the new one yet");
        await world.ExecuteAsync(tenant, StepNames.SwitchCredentials);

        (await LoginAsync(world, tenant)).ShouldBe($"{first}b");
        (await former.ExecuteScalarAsync<long>("select 1")).ShouldBe(1, "the former one goes on working");
        await world.ExecuteAsync(tenant, StepNames.RetireLogin);

        await Should.ThrowAsync<NpgsqlException>(() => former.ExecuteScalarAsync("select 1"));
        await former.DisposeAsync();
        (await RolesAsync(world, tenant)).ShouldBe([$"{first}b"]);
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
    }

    [Fact]
    public async Task Should_keep_its_login_when_a_rotation_is_undone()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        await InputAsync(world, tenant, new RotateCredentials { TenantId = tenant.Id, What = ["database"] });
        var first = await LoginAsync(world, tenant);
        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        (await RolesAsync(world, tenant)).ShouldBe([first, $"{first}b"]);

        await world.CompensateAsync(tenant, StepNames.AddLogin);
        await world.CompensateAsync(tenant, StepNames.AddLogin);

        (await RolesAsync(world, tenant)).ShouldBe([first]);
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
    }

    [Theory]
    [InlineData(StepNames.CreateReplica)]
    [InlineData(StepNames.RemoveReplica)]
    public async Task Should_leave_no_login_when_it_is_turned_off_or_undone(string step)
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Schema);
        await using var open = await SignInAsync(world, tenant, server.Replica.Port);

        for (var i = 0; i < 2; i++)
        {
            if (step == StepNames.RemoveReplica)
                await world.ExecuteAsync(tenant, step);
            else
                await world.CompensateAsync(tenant, step);
        }

        (await RolesAsync(world, tenant)).ShouldBeEmpty();
        await Should.ThrowAsync<NpgsqlException>(() => open.ExecuteScalarAsync("select 1"));
        (await world.RegistryAsync<long>("select count(*) from tenant_credentials where purpose like 'replica%'")).ShouldBe(0);
        (await world.RegistryAsync<long>("select count(*) from runtime_v1.replicas")).ShouldBe(0);
        await using var session = await world.Connections.OpenReadOnlyAsync(tenant.Id, default);
        (await session.Connection.ExecuteScalarAsync<bool>("select pg_is_in_recovery()")).ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_be_gone_with_the_tenant(IsolationTier tier)
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, tier);
        var placement = (await tenant.ReadAsync()).Placement!;

        var removed = (await world.ExecuteAsync(tenant, StepNames.RemoveDatabase)).ShouldBeOfType<RemovalOutput>().Removed.ShouldHaveSingleItem();

        removed.Counts["roles"].ShouldBe(tier == IsolationTier.Row ? 2 : 3);
        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_follow_its_rows_to_another_place_and_back()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        var first = await LoginAsync(world, tenant);
        await InputAsync(world, tenant, new MigrateTenant { TenantId = tenant.Id, Isolation = "database", MigrationOptions = new() { Downtime = true } });

        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(world, tenant, step);

        var second = await LoginAsync(world, tenant);
        second.ShouldNotBe(first);
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
        (await world.AdminQueryAsync<bool>("postgres", $"select rolcanlogin from pg_roles where rolname = '{first}'")).ShouldBe([false], "the copy is kept, and nobody reads it");

        foreach (var step in MoveWorld.Back)
            await MoveWorld.RunAsync(world, tenant, step);

        (await LoginAsync(world, tenant)).ShouldBe(first);
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
        (await world.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where rolname = '{second}'")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_dropped_with_a_place_that_a_move_gives_up()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        await InputAsync(world, tenant, new MigrateTenant { TenantId = tenant.Id, Isolation = "schema", MigrationOptions = new() { Downtime = true } });
        foreach (var step in MoveWorld.Steps[..2])
            await MoveWorld.RunAsync(world, tenant, step);
        (await world.RegistryAsync<long>("select count(*) from tenant_credentials where purpose = 'replica'")).ShouldBe(2);

        await world.CompensateAsync(tenant, StepNames.CreateMove);

        (await world.RegistryAsync<long>("select count(*) from tenant_credentials where purpose = 'replica'")).ShouldBe(1);
        var given = await world.RegistryAsync<Guid>("select id from placements where state = 'building'");
        (await world.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where starts_with(rolname, 't_{given:n}')")).ShouldBeEmpty();
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_read_tables_that_a_later_version_of_the_product_adds(IsolationTier tier)
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, tier);
        var place = (await tenant.ReadAsync()).Placement!;
        var table = $"{place.Schema}.added_{Guid.NewGuid():n}";
        await world.AdminQueryAsync<int>(place.Database, $"create table {table} (id int)");
        var mine = tier == IsolationTier.Row ? "saga_rows_readers" : await LoginAsync(world, tenant);
        (await world.AdminQueryAsync<bool>(place.Database, $"select has_table_privilege('{mine}', '{table}', 'SELECT')")).ShouldBe([false]);

        await world.AdminQueryAsync<int>(place.Database, ProductTables.ExtendReadGrants(place.Schema));

        (await world.AdminQueryAsync<bool>(place.Database, $"select has_table_privilege('{mine}', '{table}', 'SELECT') and not has_table_privilege('{mine}', '{table}', 'INSERT')")).ShouldBe([true]);
        await world.AdminQueryAsync<int>(place.Database, $"drop table {table}");
    }

    [Theory]
    [InlineData(StepNames.CreateReplica)]
    [InlineData(StepNames.RemoveReplica)]
    public async Task Should_do_nothing_without_the_lease(string step)
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        var roles = await RolesAsync(world, tenant);
        var stale = await tenant.BeginAsync(step);
        await tenant.BeginAsync(step);

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(step).ExecuteAsync(stale, default));

        (await RolesAsync(world, tenant)).ShouldBe(roles);
        (await world.RegistryAsync<long>("select count(*) from runtime_v1.replicas")).ShouldBe(1);
    }

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);

    private static Task InputAsync<T>(DatabaseWorld world, SeededTenant tenant, T command) => world.Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId", new { tenant.OperationId, Input = JsonSerializer.Serialize(command, Contracts.Json.Options) });

    private static async Task<string> LoginAsync(DatabaseWorld world, SeededTenant tenant) =>
        (await world.Connections.ReplicasAsync(tenant.Id, default)).Select(r => new NpgsqlConnectionStringBuilder(r.ConnectionString).Username!).Distinct().Single();

    private static async Task<NpgsqlConnection> SignInAsync(DatabaseWorld world, SeededTenant tenant, int port)
    {
        var found = (await world.Connections.ReplicasAsync(tenant.Id, default)).ShouldHaveSingleItem();
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(found.ConnectionString) { Port = port, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static Task<IReadOnlyList<string>> RolesAsync(DatabaseWorld world, SeededTenant tenant) =>
        world.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where rolname ~ '^t_{tenant.Id.Compact}_rb?$' order by 1");
}
