using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Plans;
using Saga.Registry.Schema;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_the_registry_is_migrated
{
    [Fact]
    public async Task Should_do_it_once_when_several_start_together()
    {
        await using var registry = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync());

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => new RegistryMigrator(registry).MigrateAsync()));

        await using var applied = registry.CreateCommand("select count(*) from registry_migrations");
        (await applied.ExecuteScalarAsync()).ShouldBe((long)typeof(RegistryMigrator).Assembly.GetManifestResourceNames().Count(n => n.EndsWith(".sql", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Should_refuse_a_migration_that_changed_after_it_ran()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using (var change = registry.CreateCommand("update registry_migrations set checksum = 'other'"))
            await change.ExecuteNonQueryAsync();

        var error = await Should.ThrowAsync<InvalidOperationException>(() => new RegistryMigrator(registry).MigrateAsync());

        error.Message.ShouldContain("0001_registry");
    }

    [Fact]
    public async Task Should_let_no_login_of_a_tenant_connect()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var registry = await world.RegistryAsync<string>("select current_database()");
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        // Every login needs its own password, so query the server for what a login may do.
        var logins = await world.AdminQueryAsync<string>("postgres", $"select rolname from pg_roles where rolcanlogin and starts_with(rolname, 't_{tenant.Id.Compact}')");

        logins.ShouldNotBeEmpty();
        foreach (var login in logins)
            (await world.AdminQueryAsync<bool>("postgres", $"select has_database_privilege('{login}', '{registry}', 'connect')")).ShouldBe([false]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_need_no_superuser_and_close_the_database_where_its_user_owns_it(bool owner)
    {
        // The database is open for a while, which would fail other tests' verifications on a shared server.
        await using var server = new OwnServer();
        await server.InitializeAsync();
        var admin = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false };
        await using (var connection = new NpgsqlConnection(admin.ConnectionString))
            await connection.ExecuteAsync("create database registry");
        admin.Database = "registry";
        const string user = "plain";
        await using (var connection = new NpgsqlConnection(admin.ConnectionString))
        {
            await connection.ExecuteAsync($"create role {user} login password 'x'; grant create on database {admin.Database} to {user}; grant create on schema public to {user}");
            if (owner)
                await connection.ExecuteAsync($"alter database {admin.Database} owner to {user}");
        }

        await using var registry = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(admin.ConnectionString) { Username = user, Password = "x" });
        await new RegistryMigrator(registry).MigrateAsync();
        await new RegistryMigrator(registry).MigrateAsync();

        await using var open = registry.CreateCommand("select has_database_privilege('public', current_database(), 'connect, temporary')");
        (await open.ExecuteScalarAsync()).ShouldBe(!owner);
    }

    [Fact]
    public async Task Should_contain_the_four_plans()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();

        var plans = await new PlanStore(registry).ListAsync();

        plans.Select(p => (p.Name, p.DefaultTier)).ShouldBe(
        [
            ("basic", IsolationTier.Row), ("custom", IsolationTier.Schema),
            ("enterprise", IsolationTier.Database), ("premium", IsolationTier.Schema),
        ]);
    }
}
