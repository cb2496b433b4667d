using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A tenant's login changes what PostgreSQL lets every login change: its own password and settings, and those of a role that it may become.</summary>
[IsolationSuite]
public sealed class When_a_login_changes_roles(OwnServer server) : IClassFixture<OwnServer>
{
    public static TheoryData<IsolationTier, string> OwnChanges => new(
        from tier in Enum.GetValues<IsolationTier>()
        from change in (string[])["alter role current_user set work_mem = '64kB'", "alter role current_user in database {0} set search_path = pg_catalog", "alter role current_user in database postgres set jit = on"]
        select (tier, change));

    [Theory]
    [MemberData(nameof(OwnChanges))]
    public async Task Should_find_and_reset_the_settings_of_a_login(IsolationTier tier, string change)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var tenant = await world.ReadyAsync(tier);
        await VerifyAsync(world, tenant);
        await RunAsync(world, tenant, string.Format(null, change, (await tenant.ReadAsync()).Placement!.Database));

        var found = await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant));
        found.Failure.Code.ShouldBe("isolation-broken");
        found.Failure.Message.ShouldContain("settings of its roles were changed");
        await world.ExecuteAsync(tenant, StepNames.Database);
        await VerifyAsync(world, tenant);
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    public async Task Should_find_and_reset_the_settings_of_a_shared_role(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var (hostile, other) = (await world.ReadyAsync(tier), await world.ReadyAsync(tier));
        var shared = (await world.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_auth_members join pg_roles r on r.oid = roleid where member = 't_{hostile.Id.Compact}'::regrole")).Single();
        // As a member of a former version.
        await world.AdminQueryAsync<string>("postgres", $"grant {shared} to t_{hostile.Id.Compact}{(await CanRefuseSetAsync(world) ? " with set true" : "")}");
        await RunAsync(world, hostile, $"set role {shared}; alter role {shared} set work_mem = '64kB'; alter role {shared} in database postgres set jit = on");

        (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, other))).Failure.Message.ShouldContain(shared);
        // A superuser granted it, as workers did before they were the provisioner.
        await TestProvisioner.PrepareAsync(server.ConnectionString);
        await world.Get<ServerWalls>().CheckAsync("main", default);
        await VerifyAsync(world, other);
        await VerifyAsync(world, hostile);
        if (await CanRefuseSetAsync(world))
        {
            (await Should.ThrowAsync<PostgresException>(() => RunAsync(world, hostile, $"set role {shared}"))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        }
        else
        {
            await RunAsync(world, hostile, $"set role {shared}; alter role {shared} set work_mem = '64kB'");
            await world.ExecuteAsync(other, StepNames.Database);
            await VerifyAsync(world, other);
        }
    }

    [Fact]
    public async Task Should_reset_the_settings_of_a_login_while_workers_run_and_keep_its_search_path()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await RunAsync(world, tenant, "alter role current_user set work_mem = '64kB'; alter role current_user in database saga_rows set jit = on");

        await world.Get<ServerWalls>().CheckAsync("main", default);

        (await world.AdminQueryAsync<string>("postgres", $"select unnest(setconfig) from pg_db_role_setting where setrole = 't_{tenant.Id.Compact}'::regrole"))
            .ShouldHaveSingleItem().ShouldStartWith("search_path=");
        await VerifyAsync(world, tenant);
    }

    [Fact]
    public async Task Should_find_and_reset_the_settings_of_the_runtimes_role()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        await world.ReadyAsync(IsolationTier.Row);
        await world.AdminQueryAsync<string>("postgres", $"alter role {SharedRoles.RowRuntime} set work_mem = '64kB'; alter role {SharedRoles.RowRuntime} in database saga_rows set jit = on");

        await world.Get<ServerWalls>().CheckAsync("main", default);

        (await world.AdminQueryAsync<string>("postgres", $"select unnest(setconfig) from pg_db_role_setting where setrole = '{SharedRoles.RowRuntime}'::regrole")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_let_a_login_become_a_shared_role_where_the_server_can_refuse_it()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        Assert.SkipUnless(await CanRefuseSetAsync(world), "PostgreSQL 16 and newer can grant membership without SET ROLE.");
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        (await Should.ThrowAsync<PostgresException>(() => RunAsync(world, tenant, "set role saga_rows_users"))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

        await world.AdminQueryAsync<string>("postgres", $"grant saga_rows_users to t_{tenant.Id.Compact} with set true granted by {Provisioner.DefaultName}");

        (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant))).Failure.Message.ShouldContain("it may become role 'saga_rows_users'");
        await world.ExecuteAsync(tenant, StepNames.Database);
        await VerifyAsync(world, tenant);
    }

    [Fact]
    public async Task Should_find_and_reset_a_password_that_a_login_changed()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await RunAsync(world, tenant, "alter role current_user password 'mine'");

        (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant))).Failure.Code.ShouldBe("database-login-refused");
        await world.ExecuteAsync(tenant, StepNames.Database);
        await VerifyAsync(world, tenant);
    }

    private static async Task<bool> CanRefuseSetAsync(DatabaseWorld world) =>
        (await world.AdminQueryAsync<bool>("postgres", "select current_setting('server_version_num')::int >= 160000")).Single();

    private static async Task RunAsync(DatabaseWorld world, SeededTenant tenant, string sql)
    {
        await using var connection = new NpgsqlConnection(await world.Connections.ConnectionStringAsync(tenant.Id, default) + ";Pooling=false");
        await connection.ExecuteAsync(sql);
    }

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
}
