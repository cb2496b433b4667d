using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Tiers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_warm_database_is_there
{
    private static int newest = 1000;

    [Fact]
    public async Task Should_become_the_tenants_and_nobody_elses()
    {
        await using var world = await WorldAsync();
        (await AddAsync(world, 1)).ShouldBeTrue();
        var warm = (await WarmAsync(world)).Single();

        var tenant = await world.ReadyAsync(IsolationTier.Database);

        (await WarmAsync(world)).ShouldBeEmpty();
        (await world.AdminQueryAsync<string>(
            "postgres",
            $"select d.oid || ' ' || r.rolname || ' ' || has_database_privilege('public', d.oid, 'CONNECT') from pg_database d join pg_roles r on r.oid = d.datdba where datname = '{DatabaseOf(tenant)}'"))
            .ShouldBe([$"{warm.Oid} t_{tenant.Id.Compact}_owner false"]);
        (await world.AdminQueryAsync<string>(DatabaseOf(tenant), "select distinct tableowner::text from pg_tables where schemaname = 'product'"))
            .ShouldBe([$"t_{tenant.Id.Compact}_owner"]);
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
    }

    [Fact]
    public async Task Should_be_found_again_by_an_attempt_after_one_that_was_killed_when_it_had_taken_it()
    {
        await using var world = await WorldAsync();
        await AddAsync(world, 1);
        var warm = (await WarmAsync(world)).Single();
        var tenant = await world.TenantAsync(IsolationTier.Database);
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        await world.AdminQueryAsync<string>("postgres", $"alter database {warm.Name} rename to {DatabaseOf(tenant)}");

        await world.ExecuteAsync(tenant, StepNames.Database);
        await world.ExecuteAsync(tenant, StepNames.Migrate);

        (await world.AdminQueryAsync<uint>("postgres", $"select oid from pg_database where datname = '{DatabaseOf(tenant)}'")).ShouldBe([warm.Oid]);
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
    }

    [Fact]
    public async Task Should_be_taken_once_however_many_come()
    {
        await using var world = await WorldAsync();
        await AddAsync(world, 2);
        await AddAsync(world, 2);
        var pool = (await WarmAsync(world)).Select(s => s.Oid).ToList();
        var tenants = new List<SeededTenant>();
        for (var i = 0; i < 8; i++)
        {
            tenants.Add(await world.TenantAsync(IsolationTier.Database));
            await world.ExecuteAsync(tenants[i], StepNames.Reserve);
        }

        await Task.WhenAll(tenants.Select(t => world.ExecuteAsync(t, StepNames.Database)));

        var made = await world.AdminQueryAsync<uint>("postgres", $"select oid from pg_database where datname in ({string.Join(", ", tenants.Select(t => $"'{DatabaseOf(t)}'"))})");
        made.Count.ShouldBe(8);
        made.Intersect(pool).Order().ShouldBe(pool.Order());
    }

    [Fact]
    public async Task Should_be_left_alone_while_somebody_is_in_it()
    {
        await using var world = await WorldAsync();
        await AddAsync(world, 1);
        var warm = (await WarmAsync(world)).Single();
        await using var looking = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin) { Database = warm.Name, Pooling = false }.ConnectionString);
        await looking.OpenAsync();

        var tenant = await world.ReadyAsync(IsolationTier.Database);

        (await world.AdminQueryAsync<uint>("postgres", $"select oid from pg_database where datname = '{DatabaseOf(tenant)}'")).Single().ShouldNotBe(warm.Oid);
        (await WarmAsync(world)).ShouldBe([warm]);
    }

    [Fact]
    public async Task Should_allow_only_administrators()
    {
        await using var world = await WorldAsync();
        await AddAsync(world, 1);
        var warm = (await WarmAsync(world)).Single();

        (await world.AdminQueryAsync<string>(
            "postgres", $"select datconnlimit || ' ' || has_database_privilege('public', oid, 'CONNECT') from pg_database where datname = '{warm.Name}'"))
            .ShouldBe(["0 false"]);
    }

    [Fact]
    public async Task Should_not_become_more_than_are_wanted()
    {
        await using var world = await WorldAsync();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AddAsync(world, 1)));

        (await WarmAsync(world)).Count.ShouldBe(1);
        (await AddAsync(world, 1)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_be_dropped_when_it_is_a_copy_of_an_older_template()
    {
        await using var before = await WorldAsync();
        await AddAsync(before, 1);
        await using var after = await WorldAsync();

        await after.ReadyAsync(IsolationTier.Database);
        (await WarmAsync(before)).Count.ShouldBe(1, "it is not a copy of the newer template");
        (await AddAsync(after, 1)).ShouldBeTrue();

        (await WarmAsync(before)).ShouldBeEmpty();
        (await AddAsync(before, 1)).ShouldBeFalse("a newer version has its template, and its pool would be dropped at once");
    }

    [Fact]
    public async Task Should_be_made_by_a_worker_that_runs()
    {
        await using var world = await WorldAsync();
        var filler = world.Get<IEnumerable<IHostedService>>().OfType<WarmPoolFiller>().Single();
        await filler.StartAsync(default);
        try
        {
            await Until.TrueAsync(async () => (await WarmAsync(world)).Count == 2, "two warm databases are there");
            await world.ReadyAsync(IsolationTier.Database);
            await Until.TrueAsync(async () => (await WarmAsync(world)).Count == 2, "the pool is refilled");
        }
        finally
        {
            await filler.StopAsync(default);
        }
    }

    // The product with the test's own migration, and therefore its own template and warm databases. No test may use an older version
    // than the tests before it, because a pool creates nothing when a newer version exists.
    private static Task<DatabaseWorld> WorldAsync() => DatabaseWorld.CreateAsync(change: services => services.AddSingleton(new ProductMigrations(
        [.. ProductMigrations.Embedded().All, new ProductMigration(Interlocked.Increment(ref newest), "test", $"comment on table users is '{Guid.NewGuid():n}'")])));

    private static Task<bool> AddAsync(DatabaseWorld world, int enough) => world.Get<WarmPool>().AddAsync("main", enough, default);

    private static async Task<IReadOnlyList<(uint Oid, string Name)>> WarmAsync(DatabaseWorld world) =>
        await world.AdminQueryAsync<(uint, string)>(
            "postgres", $"select oid, datname::text from pg_database where starts_with(datname, '{world.Get<TemplateDatabases>().Name.Replace("template", "spare", StringComparison.Ordinal)}_')");

    private static string DatabaseOf(SeededTenant tenant) => $"tenant_{tenant.Id.Compact}";
}
