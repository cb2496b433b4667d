using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Plans;
using Saga.Registry.Schema;
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

        await using var applied = registry.CreateCommand("select string_agg(version::text, ' ' order by version) from registry_migrations");
        (await applied.ExecuteScalarAsync()).ShouldBe("1 2");
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
    public async Task Should_hold_the_four_plans()
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
