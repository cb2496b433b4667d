using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database.Restored;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_tenants_places_are_removed
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_leave_nothing_and_say_what_there_was(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (tenant, other) = (await world.ReadyAsync(tier), await world.ReadyAsync(tier));
        var placement = (await tenant.ReadAsync()).Placement!;
        var theirs = await world.LeftoversAsync(other.Id, (await other.ReadAsync()).Placement!);
        await world.AddUserAsync(tenant, withDocument: true);
        var before = (await world.LeftoversAsync(tenant.Id, placement)).Count(l => l.StartsWith("row of ", StringComparison.Ordinal) && !l.Contains(" saga.", StringComparison.Ordinal));

        var removed = (await RemoveAsync(world, tenant)).ShouldBeOfType<RemovalOutput>().Removed.ShouldHaveSingleItem();

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
        (await world.LeftoversAsync(other.Id, (await other.ReadAsync()).Placement!)).ShouldBe(theirs);
        removed.Resource.ShouldBe(tier switch { IsolationTier.Row => "rows", IsolationTier.Schema => "schema", _ => "database" });
        (removed.System, removed.Existed, removed.Counts["rows"], removed.Counts["roles"]).ShouldBe(("postgresql:main", true, before, tier == IsolationTier.Row ? 1 : 2));
        removed.Name.ShouldContain(placement.Database);

        var again = (await RemoveAsync(world, tenant)).ShouldBeOfType<RemovalOutput>().Removed.ShouldHaveSingleItem();
        again.Counts.ShouldBe(removed.Counts, "it is gone already, but the step still tells what it found first");
    }

    [Fact]
    public async Task Should_remove_kept_and_unfinished_copies_too()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await world.Registry.ExecuteAsync(
            "update placements set state = 'kept' where tenant_id = @Value; update tenants set status = 'active' where id = @Value", new { tenant.Id.Value });
        var beside = await tenant.BesideAsync("main", IsolationTier.Database);
        var context = await tenant.BeginAsync(StepNames.Database);
        await world.Step(StepNames.Database).ExecuteAsync(
            new StepContext(context.Tenant with { Placed = beside, Tier = IsolationTier.Database }, context.OperationId, context.Step, 1, context.Lease).With(context.Inputs), default);

        var removed = (await RemoveAsync(world, tenant)).ShouldBeOfType<RemovalOutput>().Removed;

        removed.Select(r => r.Resource).ShouldBe(["rows", "database"]);
        (await world.AdminQueryAsync<string>("postgres", $"select rolname from pg_roles where starts_with(rolname, 't_{tenant.Id.Compact}') or starts_with(rolname, '{beside.Login}')")).ShouldBeEmpty();
        (await world.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = '{beside.Place.Database}'")).ShouldBeEmpty();
        (await world.AdminQueryAsync<long>("saga_rows", $"select count(*) from saga.place where tenant_id = '{tenant.Id}'")).Single().ShouldBe(0);
    }

    [Fact]
    public async Task Should_remove_what_restores_have_made_beside_the_place()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Schema);
        var database = $"restored_{tenant.OperationId:n}";
        await world.Get<RestoredDatabases>().CreateAsync(await tenant.BeginAsync(StepNames.CreateRestored), "main", database, default);
        await world.Registry.ExecuteAsync(
            """
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at) values (@OperationId, @Tenant, @OperationId, 'running', 'ada', false, 'schema', now());
            insert into restored_databases (operation_id, tenant_id, backup_id, server, database) values (@OperationId, @Tenant, @OperationId, 'main', @database)
            """,
            new { tenant.OperationId, Tenant = tenant.Id.Value, database });

        var removed = (await RemoveAsync(world, tenant)).ShouldBeOfType<RemovalOutput>().Removed;
        var again = (await RemoveAsync(world, tenant)).ShouldBeOfType<RemovalOutput>().Removed;

        removed.Select(r => r.Resource).ShouldBe(["schema", "restoredDatabase"]);
        (removed[1].Name, removed[1].Existed, removed[1].Counts["bytes"] > 0).ShouldBe((database, true, true));
        again[1].Counts.ShouldBe(removed[1].Counts);
        (await world.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = '{database}'")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_delete_many_rows_in_parts_whatever_refers_to_them()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await world.AddUserAsync(tenant, withDocument: true);
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            await session.Connection.ExecuteAsync("insert into documents (title, author_id) select 'Many', u.id from users u cross join generate_series(1, 25000)");
            await session.CommitAsync(default);
        }

        var removed = (await RemoveAsync(world, tenant)).ShouldBeOfType<RemovalOutput>().Removed.Single();

        removed.Counts["rows"].ShouldBeGreaterThanOrEqualTo(25_002);
        (await world.LeftoversAsync(tenant.Id, (await tenant.ReadAsync()).Placement!)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_end_existing_sessions(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        await using var intruder = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false }.ConnectionString);
        await intruder.OpenAsync();

        await RemoveAsync(world, tenant);

        await Should.ThrowAsync<NpgsqlException>(() => intruder.ExecuteAsync("select 1"));
    }

    [Theory]
    [InlineData(IsolationTier.Row, "drop owned by {0}; drop role {0}")]
    [InlineData(IsolationTier.Database, "drop database tenant_{1}")]
    public async Task Should_accept_what_is_gone_already(IsolationTier tier, string gone)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var placement = (await tenant.ReadAsync()).Placement!;
        foreach (var statement in gone.Split(';'))
            await world.AdminQueryAsync<string>(tier == IsolationTier.Row && statement.StartsWith("drop owned", StringComparison.Ordinal) ? placement.Database : "postgres", string.Format(statement, $"t_{tenant.Id.Compact}", tenant.Id.Compact));

        await RemoveAsync(world, tenant);

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_touch_nothing_without_the_lease(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var stale = await tenant.BeginAsync(StepNames.RemoveDatabase);
        await tenant.BeginAsync(StepNames.RemoveDatabase);

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.RemoveDatabase).ExecuteAsync(stale, default));

        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
    }

    [Fact]
    public async Task Should_fail_for_a_while_when_a_role_does_not_go_away()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        var role = $"t_{tenant.Id.Compact}";
        // The role owns something where nobody looks.
        var elsewhere = $"elsewhere_{Guid.NewGuid():n}";
        await ClosedDatabases.CreateAsync(await PostgresServer.AdminConnectionStringAsync(), elsewhere);
        await world.AdminQueryAsync<string>(elsewhere, $"create table theirs (id int); alter table theirs owner to {role}");

        await Should.ThrowAsync<StepFailureException>(() => RemoveAsync(world, tenant));
        await world.AdminQueryAsync<string>("postgres", $"drop database {elsewhere}");
        await RemoveAsync(world, tenant);

        (await world.LeftoversAsync(tenant.Id, (await tenant.ReadAsync()).Placement!)).ShouldBeEmpty();
    }

    private static Task<object?> RemoveAsync(DatabaseWorld world, SeededTenant tenant) => world.ExecuteAsync(tenant, StepNames.RemoveDatabase);
}
