using Dapper;
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
