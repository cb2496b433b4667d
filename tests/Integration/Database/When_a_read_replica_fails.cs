using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[Collection("replicated")]
public sealed class When_a_read_replica_fails(ReplicatedServer server)
{
    [Fact]
    public async Task Should_wait_for_one_that_is_away_without_blaming_its_server()
    {
        await using var world = await server.WorldAsync(ReplicatedServer.At("c", FreePorts.Next()));
        var tenant = await ReplicatedServer.WishingAsync(world, IsolationTier.Row);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CreateReplica))).Failure;

        (failure.Kind, failure.System).ShouldBe((FailureKind.Outage, "postgresql:main/c"));
        (await world.RegistryAsync<long>("select count(*) from runtime_v1.replicas")).ShouldBe(0, "runtimes do not see what was not tried");
    }

    [Fact]
    public async Task Should_wait_for_one_that_is_behind()
    {
        await using var world = await server.WorldAsync(("Saga:Databases:ReplicaWaitSeconds", "1"));
        var tenant = await ReplicatedServer.WishingAsync(world, IsolationTier.Row);
        await server.OnReplicaAsync("select pg_wal_replay_pause()");
        StepFailureException error;
        try
        {
            error = await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CreateReplica));
        }
        finally
        {
            await server.OnReplicaAsync("select pg_wal_replay_resume()");
        }

        (error.Failure.Code, error.Failure.Kind, error.Failure.System).ShouldBe(("replica-behind", FailureKind.Outage, "postgresql:main/b"));
        var stored = await world.RegistryAsync<string>("select encode(sealed, 'hex') from tenant_credentials where purpose = 'replica'");
        await Until.TrueAsync(async () => await SucceedsAsync(() => world.ExecuteAsync(tenant, StepNames.CreateReplica)), "the replica has caught up");
        (await world.RegistryAsync<string>("select encode(sealed, 'hex') from tenant_credentials where purpose = 'replica'")).ShouldBe(stored, "the first attempt may have set the password");
        (await world.RegistryAsync<string>("select name || ' ' || port from runtime_v1.replicas")).ShouldBe($"b {server.Replica.Port}");
    }

    [Fact]
    public async Task Should_refuse_a_server_that_replicates_nothing()
    {
        await using var world = await server.WorldAsync(ReplicatedServer.At("c", server.Primary.Port));
        var tenant = await ReplicatedServer.WishingAsync(world, IsolationTier.Row);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CreateReplica))).Failure;

        (failure.Code, failure.Kind).ShouldBe(("replica-foreign", FailureKind.Permanent));
        failure.Remedy!.ShouldContain("Saga:Databases:Servers:main:Replicas:c");
    }

    [Theory]
    [InlineData("grant insert on product.users to {0}", "it may write table 'users'")]
    [InlineData("alter role {0} set work_mem = '1GB'", "settings of its roles were changed")]
    public async Task Should_find_a_login_that_may_do_more(string hole, string expected)
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Database);
        var database = (await tenant.ReadAsync()).Placement!.Database;
        await world.AdminQueryAsync<int>(database, string.Format(null, hole, $"t_{tenant.Id.Compact}_r"));

        // The replica may be a moment behind.
        var found = "";
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
                    return false;
                }
                catch (StepFailureException error)
                {
                    error.Failure.Code.ShouldBe("isolation-broken");
                    found = error.Message;
                    return true;
                }
            },
            "the verification fails");
        found.ShouldContain(expected);
    }

    [Fact]
    public async Task Should_use_another_one_while_one_does_not_answer()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
        // Before or after the one that answers: one of the names is the first for this tenant.
        await world.Registry.ExecuteAsync("insert into server_replicas (server, name, host, port) values ('main', 'a', '127.0.0.1', @Port)", new { Port = FreePorts.Next() });
        await world.Connections.CloseAsync(tenant.Id);

        await ReplicatedServer.ReadsAsync(world, tenant, 1);
        (await world.Connections.ReplicasAsync(tenant.Id, default)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_find_a_changed_login_while_one_does_not_answer()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        await using var runtime = await server.WorldAsync(world.Registry);
        // The one that answers is the first for this tenant, so that the other one is not known to be away before.
        var isFirst = tenant.Id.Value.ToByteArray(bigEndian: true)[^1] % 2 == 0;
        await world.Registry.ExecuteAsync(
            "insert into server_replicas (server, name, host, port) values ('main', @Name, '127.0.0.1', @Port)", new { Name = isFirst ? "c" : "a", Port = FreePorts.Next() });
        // It is in use, so the next request needs another connection.
        await using var busy = await runtime.Connections.OpenReadOnlyAsync(tenant.Id, default);
        await world.Registry.ExecuteAsync(
            "update operations set input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new RotateCredentials { TenantId = tenant.Id, What = ["database"] }, Contracts.Json.Options) });
        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        await world.ExecuteAsync(tenant, StepNames.SwitchCredentials);
        await world.AdminQueryAsync<int>("postgres", $"alter role t_{tenant.Id.Compact}_r nologin");
        await Until.TrueAsync(async () => !await server.IsAdmittedAsync($"t_{tenant.Id.Compact}_r"), "the replica refuses the former login");

        await using var session = await runtime.Connections.OpenReadOnlyAsync(tenant.Id, default);
        (await session.Connection.ExecuteScalarAsync<string>("select current_user::text")).ShouldBe($"t_{tenant.Id.Compact}_rb");
    }

    [Fact]
    public async Task Should_end_a_suspended_tenants_sessions_on_the_others()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        await using var later = await server.WithOneAwayAsync(world);
        await using var open = await server.SignInAsync(world, tenant);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => later.ExecuteAsync(tenant, StepNames.BarLogin))).Failure;

        (failure.Kind, failure.System).ShouldBe((FailureKind.Outage, "postgresql:main/a"), "the step is tried again for that one");
        await Should.ThrowAsync<NpgsqlException>(() => open.ExecuteScalarAsync("select 1"));
        (await Should.ThrowAsync<PostgresException>(() => server.SignInAsync(world, tenant))).SqlState.ShouldBe(PostgresErrorCodes.InvalidAuthorizationSpecification);
    }

    [Fact]
    public async Task Should_admit_a_login_without_waiting_for_it()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        await world.ExecuteAsync(tenant, StepNames.BarLogin);
        await using var later = await server.WithOneAwayAsync(world);

        await later.ExecuteAsync(tenant, StepNames.AdmitLogin);

        await Until.TrueAsync(() => server.IsAdmittedAsync($"t_{tenant.Id.Compact}_r"), "the other one lets it in");
        await using var open = await server.SignInAsync(world, tenant);
    }

    [Fact]
    public async Task Should_not_keep_a_tenant_closed_whose_move_is_reverted()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);
        await world.Registry.ExecuteAsync(
            "update operations set input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new MigrateTenant { TenantId = tenant.Id, Isolation = "schema", MigrationOptions = new() { Downtime = true } }, Contracts.Json.Options) });
        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(world, tenant, step);
        await using var later = await server.WithOneAwayAsync(world);
        foreach (var step in MoveWorld.Back.TakeWhile(s => s != StepNames.OpenReverted))
            await MoveWorld.RunAsync(later, tenant, step);

        (await Should.ThrowAsync<StepFailureException>(() => later.ExecuteAsync(tenant, StepNames.OpenReverted))).Failure.System.ShouldBe("postgresql:main/a");

        (await world.RegistryAsync<long>("select count(*) from holds")).ShouldBe(0);
        await using (var session = await later.Connections.OpenAsync(tenant.Id, default))
            (await session.Connection.ExecuteScalarAsync<long>("select count(*) from users")).ShouldBe(1);
        await ReplicatedServer.ReadsAsync(later, tenant, 1);

        await world.ExecuteAsync(tenant, StepNames.OpenReverted);
        await ReplicatedServer.ReadsAsync(world, tenant, 1);
    }

    [Fact]
    public async Task Should_hide_one_that_is_declared_no_more()
    {
        await using var world = await server.WorldAsync();
        var tenant = await ReplicatedServer.ActiveAsync(world, IsolationTier.Row);

        await using var later = await DatabaseWorld.CreateAsync(world.Registry, server: server.Primary.ConnectionString("postgres"));

        (await world.RegistryAsync<long>("select count(*) from runtime_v1.replicas")).ShouldBe(0);
        await using var session = await later.Connections.OpenReadOnlyAsync(tenant.Id, default);
        (await session.Connection.ExecuteScalarAsync<bool>("select pg_is_in_recovery()")).ShouldBeFalse();
        (await Should.ThrowAsync<StepFailureException>(() => later.ExecuteAsync(tenant, StepNames.CreateReplica))).Failure.Code.ShouldBe("no-replica");
    }

    [Fact]
    public async Task Should_place_a_tenant_that_wants_one_only_where_there_is_one()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.Primary.ConnectionString("postgres"));
        var tenant = await world.TenantAsync(IsolationTier.Row);
        await world.Registry.ExecuteAsync("update tenants set read_replica = true");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Reserve))).Failure;

        (failure.Code, failure.Message).ShouldBe(("no-server", "No database server with a read replica accepts tenants."));
    }

    private static async Task<bool> SucceedsAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (StepFailureException error) when (error.Failure.Kind == FailureKind.Outage)
        {
            return false;
        }
    }
}
