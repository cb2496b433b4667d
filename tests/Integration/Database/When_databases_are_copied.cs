using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_databases_are_copied
{
    [Fact]
    public async Task Should_make_twenty_at_once()
    {
        await using var world = await DatabaseWorld.CreateAsync(change: Product("twenty"));
        var tenants = new List<SeededTenant>();
        for (var i = 0; i < 20; i++)
            tenants.Add(await world.TenantAsync(IsolationTier.Database));

        await Task.WhenAll(tenants.Select(async t =>
        {
            await world.ExecuteAsync(t, StepNames.Reserve);
            await world.ExecuteAsync(t, StepNames.Database);
            await world.ExecuteAsync(t, StepNames.Migrate);
        }));

        foreach (var tenant in tenants)
        {
            await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        }

        (await TemplatesAsync(world)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_make_another_template_when_the_migrations_change()
    {
        var id = Guid.NewGuid().ToString("n");
        await using var before = await DatabaseWorld.CreateAsync(change: Product(id));
        await before.ReadyAsync(IsolationTier.Database);
        await using var after = await DatabaseWorld.CreateAsync(change: Product(id, "create table extra (tenant_id uuid)"));
        var tenant = await after.ReadyAsync(IsolationTier.Database);

        after.Get<TemplateDatabases>().Name.ShouldNotBe(before.Get<TemplateDatabases>().Name);
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(6);
    }

    [Fact]
    public async Task Should_recreate_a_template_that_a_killed_worker_left()
    {
        await using var world = await DatabaseWorld.CreateAsync(change: Product("left"));
        await world.AdminQueryAsync<string>("postgres", $"create database {world.Get<TemplateDatabases>().Name} owner saga_provisioner connection limit 0");

        var tenant = await world.ReadyAsync(IsolationTier.Database);

        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(5);
        (await TemplatesAsync(world)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_let_nobody_into_the_template()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        await world.ReadyAsync(IsolationTier.Database);

        var error = await Should.ThrowAsync<PostgresException>(() => world.AdminQueryAsync<int>(world.Get<TemplateDatabases>().Name, "select 1"));
        error.SqlState.ShouldBe(PostgresErrorCodes.ObjectNotInPrerequisiteState);
    }

    [Fact]
    public async Task Should_recreate_a_database_whose_drop_was_interrupted()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        await world.Connections.CloseAsync(tenant.Id);
        await world.AdminQueryAsync<string>("postgres", $"update pg_database set datconnlimit = -2 where datname = 'tenant_{tenant.Id.Compact}'");

        await world.ExecuteAsync(tenant, StepNames.Database);
        await world.ExecuteAsync(tenant, StepNames.Migrate);

        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
    }

    [Fact]
    public async Task Should_bring_a_copy_of_an_older_template_up_to_date()
    {
        await using var old = await DatabaseWorld.CreateAsync();
        var tenant = await old.ReadyAsync(IsolationTier.Database);
        var registry = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(old.Admin) { Database = DatabaseOf(old) }.ConnectionString);
        await using var world = await DatabaseWorld.CreateAsync(registry, Product("newer"));

        await world.ExecuteAsync(tenant, StepNames.Migrate);

        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(5);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_refuse_a_migration_that_changed_after_it_was_applied(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var placement = (await tenant.ReadAsync()).Placement!;
        await world.AdminQueryAsync<string>(placement.Database, $"update {placement.Schema}.schema_migrations set checksum = 'other' where version = 2");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Migrate))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("migration-changed", false));
        failure.Message.ShouldContain("0002_documents");
    }

    [Fact]
    public async Task Should_leave_the_old_version_when_a_migration_fails()
    {
        await using var old = await DatabaseWorld.CreateAsync();
        var tenant = await old.ReadyAsync(IsolationTier.Database);
        var registry = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(old.Admin) { Database = DatabaseOf(old) }.ConnectionString);
        await using var world = await DatabaseWorld.CreateAsync(registry, Product("failing", "create table half (id int); select 1 / 0"));

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.Migrate))).Failure;

        (failure.Code, failure.Transient, failure.System).ShouldBe(("postgresql-22012", false, "postgresql:main"));
        (await world.AdminQueryAsync<int>($"tenant_{tenant.Id.Compact}", "select max(version) from product.schema_migrations")).ShouldBe([4]);
        (await world.AdminQueryAsync<string>($"tenant_{tenant.Id.Compact}", "select 'half' where to_regclass('product.half') is not null")).ShouldBeEmpty();
    }

    // The product with the test's own migration, so that the test has its own template.
    private static Action<IServiceCollection> Product(string id, params string[] more) => services =>
        services.AddSingleton(new ProductMigrations(
        [
            .. ProductMigrations.Embedded().All,
            new ProductMigration(5, "0005_test", $"comment on table users is '{id}'"),
            .. more.Select((sql, i) => new ProductMigration(6 + i, $"{6 + i:0000}_more", sql)),
        ]));

    private static string DatabaseOf(DatabaseWorld world) => new NpgsqlConnectionStringBuilder(world.Registry.ConnectionString).Database!;

    private static async Task<long> TemplatesAsync(DatabaseWorld world) =>
        (await world.AdminQueryAsync<long>("postgres", $"select count(*) from pg_database where datname = '{world.Get<TemplateDatabases>().Name}' and datistemplate")).Single();
}
