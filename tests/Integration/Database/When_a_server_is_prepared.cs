using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Api;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_a_server_is_prepared(UnpreparedServer server) : IClassFixture<UnpreparedServer>
{
    private static readonly IsolationTier[] Tiers = Enum.GetValues<IsolationTier>();

    [Fact]
    public async Task Should_let_workers_do_everything_without_a_superuser()
    {
        await TestProvisioner.PrepareAsync(server.ConnectionString);
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        (await world.AdminQueryAsync<bool>("postgres", $"select rolsuper or rolbypassrls or rolreplication from pg_roles where rolname = '{Provisioner.DefaultName}'"))
            .ShouldBe([false]);

        foreach (var tier in Tiers)
        {
            var tenant = await world.ReadyAsync(tier);
            var placement = (await tenant.ReadAsync()).Placement!;
            await VerifyAsync(world, tenant);
            // The compensation of a tenant whose place is closed has to remove rows that its policies hide.
            await world.AdminQueryAsync<string>(placement.Database, $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}'");
            await world.CompensateAllAsync(tenant);
            (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Should_lack_nothing_and_be_prepared_again_at_any_time()
    {
        await TestProvisioner.PrepareAsync(server.ConnectionString);
        await TestProvisioner.PrepareAsync(server.ConnectionString);

        (await WarningsAsync(TestProvisioner.On(server.ConnectionString))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_closed_to_public_in_every_database()
    {
        await ExecuteAsync("create database \"Some-body's\"");
        await TestProvisioner.PrepareAsync(server.ConnectionString);

        await using var admin = new NpgsqlConnection(server.ConnectionString);
        (await admin.QueryAsync<string>(
            "select datname from pg_database where datallowconn and (has_database_privilege('public', oid, 'CONNECT') or has_database_privilege('public', oid, 'TEMPORARY'))"))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_let_the_mover_bypass_policies_and_triggers()
    {
        await TestProvisioner.PrepareAsync(server.ConnectionString);
        await using var provisioner = new NpgsqlConnection(TestProvisioner.On(server.ConnectionString) + ";Pooling=false");
        await provisioner.OpenAsync(TestContext.Current.CancellationToken);

        await provisioner.ExecuteAsync("set role saga_mover; set session_replication_role = replica");
        (await provisioner.ExecuteScalarAsync<bool>("select rolbypassrls and not rolcanlogin from pg_roles where rolname = current_user")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_name_at_start_what_is_missing()
    {
        await TestProvisioner.PrepareAsync(server.ConnectionString);
        await ExecuteAsync("create role handmade login createdb password 'handmade'; grant connect on database postgres to handmade");
        var handmade = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "handmade", Password = "handmade" }.ConnectionString;

        var warning = (await WarningsAsync(handmade)).ShouldHaveSingleItem();
        warning.ShouldContain("lacks: the attribute CREATEROLE; membership in pg_signal_backend; membership in saga_mover");
        warning.ShouldContain("Run 'Saga.Host prepare-server'");
        (await WarningsAsync(server.ConnectionString)).ShouldHaveSingleItem().ShouldContain("as a superuser");
    }

    [Fact]
    public async Task Should_refuse_a_superuser_as_provisioner_and_a_user_who_is_none()
    {
        await TestProvisioner.PrepareAsync(server.ConnectionString);

        (await Should.ThrowAsync<ServerPreparationException>(() => ServerPreparation.RunAsync(server.ConnectionString, new Provisioner("saga_admin", "x"))))
            .Message.ShouldContain("saga_admin is a superuser");
        (await Should.ThrowAsync<ServerPreparationException>(() => TestProvisioner.PrepareAsync(TestProvisioner.On(server.ConnectionString))))
            .Message.ShouldContain("Only a superuser");
    }

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);

    private async Task<IReadOnlyList<string>> WarningsAsync(string workers)
    {
        var lines = new LogLines();
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, workers: workers, change: s => s.AddSingleton<ILoggerProvider>(lines));
        await world.Get<ServerWalls>().CheckAsync("main", default);
        return [.. lines.All.Where(l => l.StartsWith("246", StringComparison.Ordinal))];
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var admin = new NpgsqlConnection(server.ConnectionString);
        await admin.ExecuteAsync(sql);
    }
}
