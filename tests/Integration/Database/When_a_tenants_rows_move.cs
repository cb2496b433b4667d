using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_tenants_rows_move(MoveServers servers) : IClassFixture<MoveServers>
{
    [Theory]
    [InlineData(IsolationTier.Row, IsolationTier.Schema, "main")]
    [InlineData(IsolationTier.Row, IsolationTier.Database, "main")]
    [InlineData(IsolationTier.Schema, IsolationTier.Row, "main")]
    [InlineData(IsolationTier.Schema, IsolationTier.Database, "other")]
    [InlineData(IsolationTier.Database, IsolationTier.Row, "other")]
    [InlineData(IsolationTier.Database, IsolationTier.Schema, "main")]
    [InlineData(IsolationTier.Row, IsolationTier.Row, "other")]
    [InlineData(IsolationTier.Schema, IsolationTier.Schema, "other")]
    [InlineData(IsolationTier.Database, IsolationTier.Database, "other")]
    public async Task Should_have_the_same_rows_in_the_new_place_though_every_step_runs_twice(IsolationTier from, IsolationTier to, string server)
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        // Others in the former place and in the new one.
        var (stays, there) = (await MoveWorld.ActiveAsync(world, from, to, rows: 5), await MoveWorld.ActiveAsync(world, to, from, rows: 30));
        var tenant = await MoveWorld.ActiveAsync(world, from, to, server);
        var (before, others) = (await MoveWorld.RowsAsync(world, tenant), await MoveWorld.RowsAsync(world, stays) + await MoveWorld.RowsAsync(world, there));
        await using var former = await MoveWorld.SignInAsync(world, tenant);

        foreach (var step in MoveWorld.Steps)
        {
            await MoveWorld.RunAsync(world, tenant, step);
            await MoveWorld.RunAsync(world, tenant, step);
        }

        (await MoveWorld.RowsAsync(world, tenant)).ShouldBe(before);
        (await MoveWorld.RowsAsync(world, stays) + await MoveWorld.RowsAsync(world, there)).ShouldBe(others);
        var moved = await tenant.ReadAsync();
        (moved.Tier, moved.Current!.Place.Server, moved.Current.Tier).ShouldBe((to, server, to));
        moved.Holds.ShouldBeEmpty();
        (await world.RegistryAsync<string>("select string_agg(message_type, ' ') from outbox")).ShouldBe("Saga.Contracts.Events.TenantMoved");
        (await world.RegistryAsync<bool>("select kept_until between now() + interval '23 hours' and now() + interval '25 hours' from placements where state = 'kept'")).ShouldBeTrue();
        (await world.RegistryAsync<bool>("select run_at = kept_until and command ->> 'placementId' = p.id::text from scheduled_commands, placements p where kind = 'remove-copy' and p.state = 'kept'")).ShouldBeTrue();
        await Should.ThrowAsync<NpgsqlException>(() => former.ExecuteAsync("select count(*) from kinds"), "its session was ended");
        await Should.ThrowAsync<NpgsqlException>(former.OpenAsync, "its login was barred");
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("insert into parents (name, currency) values ('new', 'USD'); insert into kinds (id) values (-1)");
        (await session.Connection.ExecuteScalarAsync<bool>("select number > (select max(number) from kinds where id >= 0) from kinds where id = -1")).ShouldBeTrue("the sequence goes on where it was");
    }

    [Fact]
    public async Task Should_come_from_tables_without_tenants_on_another_server_too()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        // Of the same number of rows, and with the same keys.
        var like = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema);
        var source = await MoveWorld.SourceAsync(servers, like);
        await world.RegistryAsync<int>("with closed as (update database_servers set accepting = name = 'main' returning 1), freed as (delete from operation_scopes) select count(*)::int from closed");
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(source, server: "other"));

        await AdoptionWorld.RunAsync(world, tenant, [.. AdoptionWorld.Copying.SelectMany(s => new[] { s, s }), StepNames.Activate]);

        (await MoveWorld.RowsAsync(world, tenant)).Replace(tenant.Id.ToString(), "", StringComparison.Ordinal)
            .ShouldBe((await MoveWorld.RowsAsync(world, like)).Replace(like.Id.ToString(), "", StringComparison.Ordinal));
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("insert into parents (name, currency) values ('new', 'USD'); insert into kinds (id) values (-1)");
        (await session.Connection.ExecuteScalarAsync<bool>("select number > 5000 from kinds where id = -1")).ShouldBeTrue("the source's sequence was used up to 5000");
    }

    [Fact]
    public async Task Should_not_use_up_the_numbers_of_other_tenants()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var source = await MoveWorld.SourceAsync(servers, await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema, rows: 1));
        await using (var old = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(servers.Other.ConnectionString("postgres")) { Database = source.Name, Pooling = false }.ConnectionString))
            await old.ExecuteAsync("select setval('shop.numbers', 9223372036854775000)");
        await world.RegistryAsync<int>("with closed as (update database_servers set accepting = name = 'main' returning 1), freed as (delete from operation_scopes) select count(*)::int from closed");
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(source, server: "other"));
        await AdoptionWorld.RunAsync(world, tenant, [.. AdoptionWorld.Copying.TakeWhile(s => s != StepNames.CopySource)]);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CopySource))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("sequence-too-far", false));
        failure.Message.ShouldContain("sequence 'numbers'");
    }

    [Fact]
    public async Task Should_be_written_nowhere_while_they_are_copied()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Schema, IsolationTier.Database);
        await using var open = await MoveWorld.SignInAsync(world, tenant);
        await using var transaction = await open.BeginTransactionAsync();
        await open.ExecuteAsync("insert into kinds (id) values (1000)");
        foreach (var step in (string[])[StepNames.ReserveMove, StepNames.CreateMove, StepNames.LockPlace])
            await MoveWorld.RunAsync(world, tenant, step);

        await Should.ThrowAsync<NpgsqlException>(() => transaction.CommitAsync(), "a transaction that began before was ended");
        await using var direct = await MoveWorld.SignInAsync(world, tenant);
        (await direct.ExecuteScalarAsync<long>("select count(*) from kinds")).ShouldBe(21);
        (await Should.ThrowAsync<PostgresException>(() => direct.ExecuteAsync("insert into kinds (id) values (1001)"))).SqlState.ShouldBe("SG003");
        (await Should.ThrowAsync<PostgresException>(() => direct.ExecuteAsync("update kinds set note = 'x'"))).SqlState.ShouldBe("SG003");
        (await Should.ThrowAsync<PostgresException>(() => direct.ExecuteAsync("delete from kinds"))).SqlState.ShouldBe("SG003");
    }

    [Fact]
    public async Task Should_include_everything_that_concurrent_writers_committed()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema);
        using var stop = new CancellationTokenSource();
        var committed = 0;
        var next = 10_000;
        var writers = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await using var connection = await MoveWorld.SignInAsync(world, tenant);
                    while (!stop.IsCancellationRequested)
                    {
                        await connection.ExecuteAsync("insert into kinds (id) values (@id)", new { id = Interlocked.Increment(ref next) });
                        Interlocked.Increment(ref committed);
                    }
                }
                catch (NpgsqlException)
                {
                    // The place is read-only, closed or gone.
                    await Task.Yield();
                }
            }
        }).ToList();
        await Until.TrueAsync(() => Task.FromResult(Volatile.Read(ref committed) > 50), "the writers write");

        foreach (var step in MoveWorld.Steps[..^1])
            await MoveWorld.RunAsync(world, tenant, step);
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await MoveWorld.RunAsync(world, tenant, StepNames.OpenMoved);

        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        (await session.Connection.ExecuteScalarAsync<int>("select count(*) from kinds where id > 10000")).ShouldBe(committed);
    }

    [Theory]
    [InlineData(IsolationTier.Row, IsolationTier.Schema)]
    [InlineData(IsolationTier.Schema, IsolationTier.Row)]
    [InlineData(IsolationTier.Schema, IsolationTier.Database)]
    public async Task Should_stay_where_they_were_when_the_move_is_undone(IsolationTier from, IsolationTier to)
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, from, to);
        var before = await MoveWorld.RowsAsync(world, tenant);
        var steps = MoveWorld.Steps[..^2];
        foreach (var step in steps)
            await MoveWorld.RunAsync(world, tenant, step);
        var beside = await world.RegistryAsync<string>("select login from placements where state = 'building'");

        foreach (var step in (string[])[StepNames.Switch, .. steps.Reverse()])
        {
            await world.CompensateAsync(tenant, step);
            await world.CompensateAsync(tenant, step);
        }

        (await MoveWorld.RowsAsync(world, tenant)).ShouldBe(before);
        (await tenant.ReadAsync()).ShouldSatisfyAllConditions(t => t.Holds.ShouldBeEmpty(), t => t.Tier.ShouldBe(from), t => t.Current!.Epoch.ShouldBe(1));
        (await world.RegistryAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("current gone");
        (await world.RegistryAsync<int>("select placed from database_servers where name = 'main'")).ShouldBe(1);
        (await world.RegistryAsync<long>("select count(*) from tenant_credentials")).ShouldBe(1);
        (await world.AdminQueryAsync<string>("postgres", $"select rolname from pg_roles where starts_with(rolname, '{beside}') union all select datname from pg_database where datname = 'tenant_{beside[2..]}'")).ShouldBeEmpty();
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("insert into kinds (id) values (-1)");
    }

    [Fact]
    public async Task Should_not_be_moved_by_a_late_attempt()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema);
        foreach (var step in MoveWorld.Steps[..^2])
        {
            var stale = await tenant.BeginAsync(step);
            await MoveWorld.RunAsync(world, tenant, step);
            if (step is not StepNames.CompareRows)
                await Should.ThrowAsync<LeaseLostException>(() => world.Step(step).ExecuteAsync(stale, default), step);
        }

        var late = await tenant.BeginAsync(StepNames.Switch);
        await MoveWorld.RunAsync(world, tenant, StepNames.Switch);
        await world.Step(StepNames.Switch).ExecuteAsync(late, default);
        (await world.RegistryAsync<long>("select max(epoch) from placements")).ShouldBe(3);
        (await Should.ThrowAsync<StepFailureException>(() => world.CompensateAsync(tenant, StepNames.Switch))).Failure.Code.ShouldBe("already-switched");
    }

    [Fact]
    public async Task Should_be_left_behind_when_the_tenant_starts_empty()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema, preserveData: false);

        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(world, tenant, step);

        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        (await session.Connection.ExecuteScalarAsync<long>("select count(*) from kinds")).ShouldBe(0);
    }

    [Theory]
    [InlineData(IsolationTier.Row, IsolationTier.Schema)]
    [InlineData(IsolationTier.Database, IsolationTier.Row)]
    [InlineData(IsolationTier.Schema, IsolationTier.Database)]
    public async Task Should_leave_a_copy_that_can_be_removed(IsolationTier from, IsolationTier to)
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, from, to);
        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(world, tenant, step);
        var after = await MoveWorld.RowsAsync(world, tenant);
        await world.Registry.ExecuteAsync(
            "update operations set input = jsonb_build_object('tenantId', @Value::text, 'placementId', @Value::text)", new { tenant.Id.Value });

        await world.ExecuteAsync(tenant, StepNames.DropCopy);
        await world.ExecuteAsync(tenant, StepNames.DropCopy);

        (await world.LeftoversAsync(tenant.Id, new("main", from switch { IsolationTier.Row => "saga_rows", IsolationTier.Schema => "saga_schemas_1", _ => $"tenant_{tenant.Id.Compact}" }, "x"))).ShouldBeEmpty();
        (await MoveWorld.RowsAsync(world, tenant)).ShouldBe(after);
        (await world.RegistryAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("gone current");
        (await world.RegistryAsync<int>("select placed from database_servers where name = 'main'")).ShouldBe(1);
        (await world.RegistryAsync<long>("select count(*) from tenant_credentials")).ShouldBe(1);
        await world.Registry.ExecuteAsync("update operations set input = jsonb_build_object('tenantId', tenant_id, 'placementId', (select id from placements where state = 'current'))");
        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.DropCopy))).Failure.Code.ShouldBe("copy-in-use");
    }

    [Fact]
    public async Task Should_never_share_a_database_with_a_copy_of_themselves()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema);
        var before = await MoveWorld.RowsAsync(world, tenant);
        await RunAsync(world, tenant);
        await MoveWorld.AgainAsync(world, tenant, IsolationTier.Row);
        (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.ReserveMove))).Failure.Code.ShouldBe("copy-kept");

        await MoveWorld.AgainAsync(world, tenant, IsolationTier.Database);
        await RunAsync(world, tenant);
        await MoveWorld.AgainAsync(world, tenant, IsolationTier.Schema);
        await RunAsync(world, tenant);

        (await world.RegistryAsync<string>("select string_agg(state || ' ' || case tier when 'database' then tier else database end, ', ' order by epoch) from placements"))
            .ShouldBe("kept saga_rows, kept saga_schemas_1, kept database, current saga_schemas_2");
        (await MoveWorld.RowsAsync(world, tenant)).ShouldBe(before);
    }

    private static async Task RunAsync(DatabaseWorld world, SeededTenant tenant)
    {
        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(world, tenant, step);
    }
}
